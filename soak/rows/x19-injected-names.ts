import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import mysql from 'mysql2/promise';
import { isFailure } from '../../contracts/failures.ts';
import type { HookRequest } from '../../contracts/hooks.ts';
import { runHook } from '../../hooks/run.ts';
import { programHost } from '../../programs/host.ts';
import { createCommandSource } from '../../sources/command/source.ts';
import { createFilesSource } from '../../sources/files/source.ts';
import { createMysqlSource } from '../../sources/mysql/source.ts';
import { createPostgresSource } from '../../sources/postgres/source.ts';
import { type TestScope, temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { backUp, planned } from '../../test/restore/postgres/round-trip.ts';
import { execute as executeMysql, mariadbOf, type SharedMariadb } from '../../test/servers/scoped-mariadb.ts';
import { postgresOf, type SharedPostgres } from '../../test/servers/scoped-postgres.ts';
import { sourceOf, connectionTo as toMariadb } from '../../test/sources/mysql/sample.ts';
import { collect } from '../../test/sources/postgres/collect.ts';
import { column, connectionTo, execute } from '../../test/sources/postgres/sample.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { scoped } from '../scope.ts';

const never = new AbortController().signal;

interface Trap {
  /** A file that nobody may make. */
  readonly mark: string;
  /** Port of a server that nobody may talk to. */
  readonly port: number;
}

/** Names that a program, a shell, libpq or SQL would take for something else. */
const injections = ({ mark, port }: Trap): readonly string[] => [
  `-f${mark}`,
  `--file=${mark}`,
  `--result-file=${mark}`,
  '--help',
  '--',
  '-',
  `$(touch ${mark})`,
  `\`touch ${mark}\``,
  `; touch ${mark} ;`,
  `| touch ${mark}`,
  `& touch ${mark} &`,
  `a\ntouch ${mark}\n`,
  `x' ; touch ${mark} #`,
  `x" ; touch ${mark} #`,
  `host=127.0.0.1 port=${port}`,
  `x host=127.0.0.1 port=${port}`,
  `postgresql://127.0.0.1:${port}/x`,
  `--host=127.0.0.1 --port=${port}`,
  `-h127.0.0.1`,
  `service=evil`,
  `\\! touch ${mark}`,
  `x"; DROP TABLE kept; --`,
  'x`; DROP TABLE kept; -- ',
  `%s%n$HOME\\`,
  `@${mark}`,
];

/** What one case needs. */
interface Stage {
  readonly scope: TestScope;
  readonly postgres: SharedPostgres;
  readonly mariadb: SharedMariadb;
}

type Place = (name: string, stage: Stage) => Promise<void>;

/** Where a name of the user's, or of the user's data, gets near to a program. */
const places: Readonly<Record<string, Place>> = {
  'database and table of PostgreSQL': async (name, { scope, postgres: server }) => {
    const database = shortened(name, 60);
    await execute(connectionTo(server), `CREATE DATABASE ${quoted(database)}`);
    scope.after(() => execute(connectionTo(server), `DROP DATABASE ${quoted(database)} WITH (FORCE)`));
    const table = `CREATE SCHEMA ${quoted(database)}; CREATE TABLE ${quoted(database)}.${quoted(database)} AS SELECT 7 AS n; CREATE TABLE kept ()`;
    await execute(connectionTo(server, database), table);
    const backup = await backUp(scope, server, [database]);
    assert.equal(backup.manifest.name, database);
    const { restorer, plan, work } = await planned(scope, server, backup, {
      target: `${shortened(name, 40)} 2`,
    });
    const [one] = plan.databases;
    assert.ok(one);
    await restorer.prepare(one, plan, work);
    for (const section of one.sections) await restorer.load({ database: one, section }, plan, work);
    const rows = await column(
      connectionTo(server, one.beside),
      `SELECT n FROM ${quoted(database)}.${quoted(database)}`,
    );
    assert.deepEqual(rows, ['7']);
    await restorer.discard(plan, work);
  },
  'database and table of MySQL': async (name, { scope, mariadb: server }) => {
    const database = mysqlName(name);
    const [db, table] = [mysql.escapeId(database, true), mysql.escapeId(database, true)];
    await executeMysql(server, [`CREATE DATABASE ${db}`]);
    scope.after(() => executeMysql(server, [`DROP DATABASE ${db}`]));
    await executeMysql(server, [`CREATE TABLE ${db}.${table} (n int)`, `CREATE TABLE ${db}.kept (n int)`]);
    await executeMysql(server, [`INSERT INTO ${db}.${table} VALUES (7)`]);
    const { files } = await collect(sourceOf(scope, server, { databases: [database] }), never);
    assert.ok(
      [...files.values()].some(
        (content) => content.includes('VALUES\n(7)') || content.includes('VALUES (7)'),
      ),
    );
  },
  'connection of PostgreSQL': async (name, { scope, postgres: server }) => {
    for (const field of ['host', 'user', 'database'] as const) {
      const connection = { ...connectionTo(server), [field]: name };
      const source = createPostgresSource({ name: 'sample', connection, binDir: server.binDir });
      scope.after(() => source.close());
      await assertRefused(source.preflight(never));
    }
  },
  'connection of MySQL': async (name, { scope, mariadb: server }) => {
    for (const field of ['host', 'user'] as const) {
      const connection = { ...toMariadb(server), [field]: name };
      const source = createMysqlSource({ name: 'sample', connection, binDir: server.binDir });
      scope.after(() => source.close());
      await assertRefused(source.preflight(never));
    }
  },
  'words, variables and file of a command': async (name, { scope }) => {
    const command = { words: ['printf', '%s', name], env: { NAME: name } };
    const source = createCommandSource({ name: 'app', file: name, command });
    scope.after(() => source.close());
    const { files } = await collect(source, never);
    const [[path = '', content] = []] = [...files];
    assert.equal(`${content}`, name);
    assert.match(path, /^app\/[^/\n]+$/);
  },
  'facts of a hook': async (name, { scope }) => {
    const log = join(await temporaryFolder(scope), 'log');
    const code =
      'printf "%s|%s|%s" "$RESGUARDO_TAGS" "$RESGUARDO_ERROR_MESSAGE" "$RESGUARDO_FAILED_SOURCES" > "$LOG"; cat "$LOG"';
    const request: HookRequest = {
      hook: { point: 'onFailure', index: 0, name, timeoutMs: 1000, onError: 'fail' },
      facts: {
        ...{ workflow: 'backupSource', workflowId: 'backup/x', runId: 'r', startedAt: '', status: 'failed' },
        tags: [name],
        failure: { type: 'Internal', message: name, exitCode: 1 },
        sources: { total: 1, failed: 1, failedNames: [name] },
      },
    };
    const command = { words: ['sh', '-c', code], env: { LOG: log } };
    const { stdout } = await runHook(
      { command, host: programHost(process.env) },
      { request, attempt: 1, signal: never },
    );
    assert.equal(stdout, [name, name, name].join('|').trim());
  },
  'files and folders': async (name, { scope }) => {
    const folder = join(await temporaryFolder(scope), 'data');
    const inner = join(folder, name.replaceAll('/', '_'));
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, basename(inner)), 'x');
    const options = { exclude: [], excludeCaches: false, oneFileSystem: false };
    const source = createFilesSource({ paths: [inner], ...options });
    scope.after(() => source.close());
    const { entries } = await collect(source, never);
    assert.ok([...entries.keys()].some((path) => path.endsWith(`${basename(inner)}/${basename(inner)}`)));
  },
};

export const injectedNames: Row = {
  id: 'X19',
  title: 'a name that looks like an option, a connection, SQL or code of a shell is a name',
  counts: { test: 35, soak: 350 },
  run: async (run) => {
    const trap = await setTrap(run);
    const servers = { postgres: await postgresOf(run, 17), mariadb: await mariadbOf(run) };
    const names = injections(trap);
    const plays = Object.entries(places);
    for (const { number, random } of run.cases()) {
      const [kind, play] = plays[number % plays.length] ?? [];
      const first = names[Math.floor(number / plays.length) % names.length] ?? '';
      // Later rounds join two of them.
      const isLater = number >= plays.length * names.length;
      const name = isLater ? `${first}${random.pick(names)}` : first;
      if (kind === undefined || play === undefined) return;
      await run.check(kind, async () => {
        await scoped((scope) => play(name, { scope, ...servers }));
        assert.equal(existsSync(trap.mark), false, `${name} was run`);
        assert.equal(trap.visitors(), 0, `${name} was connected to`);
      });
    }
  },
};

async function setTrap(run: RowRun): Promise<Trap & { visitors(): number }> {
  let visitors = 0;
  const server = createServer((socket) => {
    visitors += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  run.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { mark: join(await temporaryFolder(run), 'm'), port: address.port, visitors: () => visitors };
}

async function assertRefused(work: Promise<unknown>): Promise<void> {
  const error: unknown = await work.then(
    () => new Error('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(isFailure(error), `${error}`);
  assert.notEqual(error.type, 'Internal', error.message);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** PostgreSQL cuts names at 63 bytes; one that is cut would be another's. */
function shortened(name: string, length: number): string {
  return name.length <= length ? name : `${name.slice(0, length - 10)}${name.slice(-10)}`;
}

/** Names of MySQL end with no space, and hold no slash in front of files of the server: it escapes them. */
function mysqlName(name: string): string {
  return shortened(name, 50).trimEnd();
}
