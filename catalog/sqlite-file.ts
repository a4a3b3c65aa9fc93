import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What tells one file from another at the same path. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

export interface SqliteFile {
  readonly database: DatabaseSync;
  readonly identity: FileIdentity;
}

/** Statements outside of transactions wait this long, and block Node meanwhile. */
const busyTimeoutMs = 100;
/** A check reads the whole file, some 200 MB a second; in larger ones damage shows when it is met. */
const checkedBytes = 16 * 1024 * 1024;

/** SQLite's own code, for damage that its check reports as text. */
class DamagedDatabase extends Error {
  readonly errcode = 11;
}

/**
 * Opens a database file, for its owner alone (mode 600, in a folder of mode 700 when it has to be made), with
 * a write-ahead log: readers and one writer do not wait for each other. After a power failure the last
 * transactions may be missing, but never a part of one.
 *
 * @throws what Node's file system and SQLite throw
 */
export function openSqliteFile(file: string): SqliteFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  const identity = identityOf(file);
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs });
  try {
    database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma cell_size_check = on');
    if (statSync(file).size <= checkedBytes) checkWhole(database);
    return { database, identity };
  } catch (error) {
    database.close();
    throw error;
  }
}

export function identityOf(file: string): FileIdentity {
  const { dev, ino } = statSync(file, { bigint: true });
  return { device: dev, inode: ino };
}

/** Whether the path still leads to the file. */
export function isSameFile(file: string, { device, inode }: FileIdentity): boolean {
  try {
    const found = identityOf(file);
    return found.device === device && found.inode === inode;
  } catch {
    return false;
  }
}

function checkWhole(database: DatabaseSync): void {
  const problem = database.prepare('pragma quick_check(1)').get()?.quick_check;
  if (problem !== 'ok') throw new DamagedDatabase(String(problem));
}
