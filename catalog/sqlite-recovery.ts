import { existsSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as breathe, setTimeout as wait } from 'node:timers/promises';
import { migrate, openKysely } from './database.ts';
import { NodeSqliteDialect, primaryCode } from './sqlite-dialect.ts';
import { type FileIdentity, isSameFile, openSqliteFile } from './sqlite-file.ts';

export interface Recovery {
  /** Where the damaged file is now. */
  readonly movedTo: string;
  /** Rows that could still be read of it. */
  readonly rows: number;
}

/** Not `meta`: what it says of the old database is not true of the new one. */
const salvagedTables = [
  'runs',
  'run_totals',
  'snapshots',
  'notifications',
  'findings',
  'repository_sizes',
  'audit_log',
] as const;
const companions = ['-wal', '-shm'] as const;
const rowsAtOnce = 500;
const busy = 5;
const lockRetryMs = 50;
const lockPatienceMs = 120_000;

/**
 * Puts a new database in the place of a damaged one: what can still be read is copied into a new file, the
 * damaged one is moved aside, and the new one takes its place at once. Undefined when another process has
 * done so in the meantime.
 *
 * @throws what Node's file system and SQLite throw
 */
export async function recover(file: string, damaged: FileIdentity): Promise<Recovery | undefined> {
  return withRecoveryLock(file, async () => {
    if (!isSameFile(file, damaged)) return undefined;
    const fresh = `${file}.new`;
    for (const name of [fresh, ...companions.map((end) => fresh + end)]) rmSync(name, { force: true });
    const rows = await copyReadable(file, fresh);
    const movedTo = `${file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
    // The log goes first: beside a new database, an old log would be taken for its own.
    for (const end of companions) if (existsSync(file + end)) renameSync(file + end, movedTo + end);
    renameSync(file, movedTo);
    renameSync(fresh, file);
    return { movedTo, rows };
  });
}

/** The lock of an SQLite file of its own: released by the system when its holder dies. */
async function withRecoveryLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    const deadline = Date.now() + lockPatienceMs;
    for (;;) {
      try {
        lock.exec('begin exclusive');
        break;
      } catch (error) {
        if (primaryCode(error) !== busy || Date.now() > deadline) throw error;
        await wait(lockRetryMs);
      }
    }
    return await work();
  } finally {
    lock.close();
  }
}

async function copyReadable(file: string, fresh: string): Promise<number> {
  const { database } = openSqliteFile(fresh);
  const kysely = openKysely(new NodeSqliteDialect(database));
  try {
    await migrate(kysely, fresh);
    const rows = await readInto(database, file);
    // The chain goes on from the last entry that was saved; a gap before it shows when the chain is verified.
    database.exec(
      `update audit_head set (sequence, hash) = (select sequence, hash from audit_log order by sequence desc limit 1)
       where exists (select 1 from audit_log)`,
    );
    return rows;
  } finally {
    await kysely.destroy();
  }
}

async function readInto(target: DatabaseSync, file: string): Promise<number> {
  let damaged: DatabaseSync | undefined;
  try {
    damaged = new DatabaseSync(file, { readOnly: true, timeout: 1000 });
    let rows = 0;
    for (const table of salvagedTables) rows += await copyTable(damaged, target, table);
    return rows;
  } catch {
    return 0;
  } finally {
    damaged?.close();
  }
}

/** From its beginning to the damage, then from its end to the damage. */
async function copyTable(damaged: DatabaseSync, target: DatabaseSync, table: string): Promise<number> {
  const before = rowCount(target, table);
  for (const order of ['asc', 'desc'] as const) {
    try {
      await copyRows(damaged, target, { table, order });
      break;
    } catch {
      // The other end may be readable.
    }
  }
  return rowCount(target, table) - before;
}

async function copyRows(
  damaged: DatabaseSync,
  target: DatabaseSync,
  { table, order }: { readonly table: string; readonly order: 'asc' | 'desc' },
): Promise<void> {
  const known = new Set(
    target
      .prepare(`pragma table_info(${table})`)
      .all()
      .map(({ name }) => name),
  );
  const source = damaged.prepare(`select * from ${table} order by rowid ${order}`, { readBigInts: true });
  const columns = source.columns().flatMap(({ name }) => (known.has(name) ? [name] : []));
  const names = columns.map((name) => `"${name}"`).join(', ');
  const insert = target.prepare(
    `insert or ignore into ${table} (${names}) values (${columns.map(() => '?').join(', ')})`,
  );
  let rows = 0;
  target.exec('begin');
  try {
    for (const row of source.iterate()) {
      insert.run(...columns.map((name) => row[name] ?? null));
      rows += 1;
      if (rows % rowsAtOnce === 0) await breathe();
    }
  } finally {
    target.exec('commit');
  }
}

function rowCount(database: DatabaseSync, table: string): number {
  return Number(database.prepare(`select count(*) as n from ${table}`).get()?.n ?? 0);
}
