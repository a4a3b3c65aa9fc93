import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { Failure } from '../../../contracts/failures.ts';
import { captureProgram } from '../../../programs/capture.ts';
import { Secret } from '../../../secrets/secret.ts';
import type { MysqlConnection } from '../../../sources/mysql/connection.ts';
import { type MysqlManifest, parseManifest } from '../../../sources/mysql/manifest.ts';
import { inspectServer } from '../../../sources/mysql/server.ts';
import type { Source } from '../../../sources/source.ts';
import { ensureMariadb } from '../../../tools/mariadb.ts';
import { startMysqlServer } from '../../../tools/mysql-server.ts';
import { failureOf } from '../../failure-of.ts';
import { createDatabase, execute, mariadbServer, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { openStream } from '../open-stream.ts';
import { collect } from '../postgres/collect.ts';
import { childrenOf } from '../postgres/processes.ts';
import {
  connectionTo,
  dumpProgram,
  isDump,
  largeStatements,
  nastyName,
  never,
  prepared,
  sampleStatements,
  sourceOf,
} from './sample.ts';

async function manifestOf(source: Source): Promise<MysqlManifest> {
  const { files } = await collect(source, never);
  return parseManifest(files.get('sample/manifest.json') ?? Buffer.of());
}

async function dumpsRunning(): Promise<number> {
  const children = await childrenOf(process.pid);
  return children.filter(({ commandLine }) => commandLine.includes('--single-transaction')).length;
}

test('preflight tells what there is to read', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const report = await sourceOf(t, server, { databases: [name] }).preflight(never);
  assert.match(report.description, /^MariaDB \d+\.\d+\.\d+, 1 database, \d+ kB$/);
});

test('what a person got wrong is told by preflight, with the mend', async (t) => {
  const server = await mariadbServer();
  const wrong = (connection: Partial<MysqlConnection>) =>
    sourceOf(t, server, { connection: { ...connectionTo(server), ...connection } }).preflight(never);
  assert.equal(
    (await failureOf(wrong({ port: 1 }), 'SourceUnreachable')).message,
    'The server at 127.0.0.1:1 cannot be used: nothing listens there',
  );
  const refused = await failureOf(wrong({ password: new Secret('canary-4711') }), 'SourceAuthentication');
  assert.match(refused.message, /it refuses the user or the password: Access denied for user 'root'/);
  assert.doesNotMatch(JSON.stringify(refused) + refused.stack, /canary/);
  await failureOf(wrong({ sslMode: 'require' }), 'SourceUnsupported');
  const unlisted = sourceOf(t, server, { databases: ['no such', 'mysql'] }).preflight(never);
  assert.match(
    (await failureOf(unlisted, 'SourceMissing')).message,
    /has no database "no such" that the user root may see$/,
  );
  const toolless = sourceOf(t, server, { binDir: '/nowhere' }).preflight(never);
  const { message, advice } = await failureOf(toolless, 'ToolMissing');
  assert.match(message, /^MariaDB at \S+ is version \S+, and no mariadb-dump was found in \/nowhere$/);
  assert.match(advice, /apt-get install mariadb-client/);
});

test('two backups of an unchanged database are the same bytes', async (t) => {
  const server = await mariadbServer();
  const databases = [await prepared(t, server, sampleStatements)];
  const first = await collect(sourceOf(t, server, { databases, users: false }), never);
  // Others write, so that the binary log goes on.
  await prepared(t, server, ['CREATE TABLE other (id int)']);
  const second = await collect(sourceOf(t, server, { databases, users: false }), never);
  assert.deepEqual([...first.files.keys()], [...second.files.keys()]);
  for (const [name, content] of first.files) {
    if (name !== 'sample/manifest.json') assert.deepEqual(content, second.files.get(name), name);
  }
});

test('the manifest tells rows, objects, definers and the position in the binary log', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const [database] = (await manifestOf(sourceOf(t, server, { databases: [name] }))).databases;
  assert.ok(database);
  assert.deepEqual(
    database.tables.map((table) => [table.name, table.rows]),
    [
      ['audit', 0],
      ['customer', 2],
      ['item', 2],
      ['we`ird "n\' -- x\ny', 2],
    ],
  );
  assert.deepEqual(database.objects, {
    events: 1,
    'foreign keys': 1,
    functions: 1,
    indexes: 4,
    procedures: 1,
    tables: 4,
    triggers: 1,
    views: 2,
  });
  assert.deepEqual(database.definers, ['root@localhost']);
  assert.match(database.position?.file ?? '', /^binlog\.\d+$/);
  assert.match(database.position?.gtid ?? '', /^0-1-\d+$/);
});

test('a dump is restored by the client program alone, as its instructions tell', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const { files } = await collect(sourceOf(t, server, { databases: [name] }), never);
  const target = await createDatabase(server);
  t.after(() => target.drop());
  const { host, port, user, binDir } = server;
  await captureProgram({
    command: join(binDir, 'mariadb'),
    args: [`-h${host}`, `-P${port}`, `-u${user}`, '--binary-mode', `--database=${target.name}`],
    stdin: [files.get(`sample/${name}.sql`) ?? Buffer.of()],
    signal: never,
  });
  const [before] = parseManifest(files.get('sample/manifest.json') ?? Buffer.of()).databases;
  const [after] = (await manifestOf(sourceOf(t, server, { databases: [target.name] }))).databases;
  assert.deepEqual(after?.tables, before?.tables);
  assert.deepEqual(after?.objects, before?.objects);
  assert.match(`${files.get('sample/RESTORE.md')}`, /mariadb --binary-mode --database=/);
});

test('users and their rights are statements that leave existing users as they are', async (t) => {
  const server = await mariadbServer();
  const user = `it's \`${randomBytes(4).toString('hex')}`;
  const quoted = `\`${user.replaceAll('`', '``')}\`@\`10.%\``;
  await execute(server, [`CREATE USER ${quoted} IDENTIFIED BY 'canary'`, `GRANT SELECT ON *.* TO ${quoted}`]);
  t.after(() => execute(server, [`DROP USER ${quoted}`]));
  const { files } = await collect(sourceOf(t, server, { databases: ['sys'] }), never);
  const users = `${files.get('sample/users.sql')}`;
  const lines = users.split('\n').filter((line) => line.includes(quoted));
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /^CREATE USER IF NOT EXISTS .* IDENTIFIED BY PASSWORD '\*[0-9A-F]{40}';$/);
  assert.match(lines[1] ?? '', /^GRANT SELECT ON \*\.\* TO [^*]*;$/);
  assert.doesNotMatch(users, /canary|mariadb\.sys/);
});

test('names are names, whatever is in them', async (t) => {
  const server = await mariadbServer();
  const database = await createDatabase(server, nastyName);
  t.after(() => database.drop());
  await execute(server, ['CREATE TABLE `-t` (id int)', 'INSERT INTO `-t` VALUES (1)'], database.name);
  const { files, warnings } = await collect(sourceOf(t, server, { databases: [database.name] }), never);
  assert.deepEqual(warnings, []);
  const [found] = parseManifest(files.get('sample/manifest.json') ?? Buffer.of()).databases;
  assert.equal(found?.name, database.name);
  assert.deepEqual(
    found?.tables.map(({ name, rows }) => [name, rows]),
    [['-t', 1]],
  );
  assert.match(found?.file ?? '', /^%2D-opt%60ion%20%22x%22/);
});

test('patterns leave out databases and tables', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const left = await prepared(t, server, ['CREATE TABLE x (id int)']);
  const excludeDatabases = [left, 'worker_*'];
  const excludeTables = [`${name}.aud*`, `${name}.item`, 'test_*.none'];
  const source = sourceOf(t, server, { databases: [name, left], excludeDatabases, excludeTables });
  const manifest = await manifestOf(source);
  assert.deepEqual(
    manifest.databases.map((database) => [database.name, database.excludedTables]),
    [[name, ['audit', 'item']]],
  );
  assert.equal(manifest.databases[0]?.objects.triggers, undefined);
});

test('what restores leave beside a database is not backed up with the others', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const left = ['restore', 'before'].map((kind) => `${name}__${kind}_20261126101500_0a1b2c`);
  for (const database of left) {
    await execute(server, [`CREATE DATABASE \`${database}\``]);
    t.after(() => execute(server, [`DROP DATABASE \`${database}\``]));
  }
  const { databases } = await inspectServer({ connection: connectionTo(server), signal: never });
  const names = databases.map((database) => database.name);
  assert.ok(names.includes(name));
  assert.deepEqual(
    left.filter((database) => names.includes(database)),
    [],
  );
});

test('tables that know no transactions are named', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, [
    'CREATE TABLE old (id int) ENGINE=MyISAM',
    'CREATE TABLE new (id int)',
  ]);
  const { warnings } = await collect(sourceOf(t, server, { databases: [name] }), never);
  assert.deepEqual(
    warnings.map(({ subject }) => subject),
    [name],
  );
  assert.match(warnings[0]?.message ?? '', /know no transactions.*: "old"$/);
});

test('a user who would be shown a part of a database is refused before', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, sampleStatements);
  const user = `reader_${randomBytes(4).toString('hex')}`;
  await execute(server, [`CREATE USER ${user} IDENTIFIED BY 'x'`, `GRANT SELECT ON *.* TO ${user}`]);
  t.after(() => execute(server, [`DROP USER ${user}`]));
  const connection = { ...connectionTo(server), user, password: new Secret('x') };
  const options = { connection, databases: [name] };
  const { message } = await failureOf(sourceOf(t, server, options).preflight(never), 'SourceAuthentication');
  assert.match(message, /lacks rights on the database .*: SHOW VIEW, TRIGGER, EVENT$/);
  await execute(server, [`GRANT SHOW VIEW, TRIGGER, EVENT, EXECUTE ON ${name}.* TO ${user}`]);
  await sourceOf(t, server, options).preflight(never);
  const { warnings } = await collect(sourceOf(t, server, options), never);
  assert.deepEqual(warnings, [], 'it may read the users, too');
});

test('what is written during a dump is not in it', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, [...largeStatements, 'CREATE TABLE later (id int PRIMARY KEY)']);
  const source = sourceOf(t, server, { databases: [name] });
  const { stream, ended } = await openStream(source, isDump, never);
  await execute(server, ['INSERT INTO later VALUES (1)', 'DELETE FROM big'], name);
  const text = `${await buffer(stream)}`;
  await ended;
  assert.doesNotMatch(text, /INSERT INTO `later`/);
  assert.equal(text.match(/^\(\d+,/gm)?.length, 4000);
});

test('a table that is emptied during the dump fails the dump, or is named', async (t) => {
  const server = await mariadbServer();
  const name = await prepared(t, server, [
    ...largeStatements,
    'CREATE TABLE later (id int)',
    'INSERT INTO later VALUES (1)',
  ]);
  const warnings: string[] = [];
  const source = sourceOf(t, server, { databases: [name] });
  const { stream, ended } = await openStream(source, isDump, never, ({ message }) => warnings.push(message));
  await execute(server, ['TRUNCATE TABLE later'], name);
  stream.resume();
  const failure = await ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) assert.match(warnings.join(), /altered or emptied during the dump.*"later"/);
  else assert.match(String(failure), /Table definition has changed/);
});

test('no password is seen in the processes of a dump, and any password can be used', async (t) => {
  const server = await mariadbServer();
  const user = `canary_${randomBytes(4).toString('hex')}`;
  const password = String.raw`canary:\ "'%40 $(id)#;=`;
  const literal = password.replace(/[\\']/g, '\\$&');
  await execute(server, [`CREATE USER ${user} IDENTIFIED BY '${literal}'`, `GRANT ALL ON *.* TO ${user}`]);
  t.after(() => execute(server, [`DROP USER ${user}`]));
  const connection = { ...connectionTo(server), user, password: new Secret(password) };
  const source = sourceOf(t, server, { connection, databases: [await prepared(t, server, largeStatements)] });
  const { stream, ended } = await openStream(source, isDump, never);
  const children = await childrenOf(process.pid);
  assert.ok(children.some(({ commandLine }) => commandLine.includes('--single-transaction')));
  for (const { commandLine, environment } of children) {
    assert.doesNotMatch(commandLine + environment, /canary:/);
  }
  stream.resume();
  await ended;
});

test('cancelling, and closing in the middle, end the dump program', async (t) => {
  const server = await mariadbServer();
  const databases = [await prepared(t, server, largeStatements)];
  const stop = new AbortController();
  const cancelled = await openStream(sourceOf(t, server, { databases }), isDump, stop.signal);
  stop.abort(new Failure('Cancelled', 'Stopped by a person'));
  cancelled.stream.resume();
  await failureOf(cancelled.ended, 'Cancelled');
  const source = sourceOf(t, server, { databases });
  const closed = await openStream(source, isDump, never);
  await source.close();
  await assert.rejects(closed.ended);
  await source.close();
  assert.equal(await dumpsRunning(), 0);
});

for (const [how, script] of [
  ['is killed after output', '"$REAL" "$@" | head -c 1000000; kill -9 $$'],
  ['exits with an error after a whole dump', '"$REAL" "$@"; echo "Error: 2013: Lost" >&2; exit 1'],
  ['ends well without the trailer of the dump', '"$REAL" "$@" | head -c 1000000'],
  ['ends well in the middle of a row', '"$REAL" "$@" | head -c 999999'],
] as const) {
  test(`a dump program that ${how} makes no dump`, async (t) => {
    const server = await mariadbServer();
    const databases = [await prepared(t, server, largeStatements)];
    const binDir = await dumpProgram(t, server, script);
    const capture = collect(sourceOf(t, server, { databases, binDir }), never);
    await assert.rejects(capture, /The dump (of the database .* failed|is not whole)/);
  });
}

test('a table that cannot be read is named', async (t) => {
  const server = await mariadbServer();
  const databases = [
    await prepared(t, server, [
      'CREATE TABLE sound (id int)',
      'CREATE TABLE torn (id int)',
      'ALTER TABLE torn DISCARD TABLESPACE',
    ]),
  ];
  const capture = collect(sourceOf(t, server, { databases }), never);
  const { message } = await failureOf(capture, 'ToolFailed');
  assert.match(message, /^The dump of the database "\w+" failed: .*torn/s);
});

test('a server that dies in the middle is a source that is away', async (t) => {
  const tools = await ensureMariadb();
  const server = await startMysqlServer({ tools });
  t.after(() => server.stop('SIGKILL'));
  const { binDir } = tools;
  const shared: SharedMariadb = { ...server, binDir };
  await execute(shared, ['CREATE DATABASE mine']);
  await execute(shared, largeStatements, 'mine');
  const source = sourceOf(t, shared, { databases: ['mine'] });
  const { stream, ended } = await openStream(source, isDump, never);
  process.kill(server.pid, 'SIGKILL');
  stream.resume();
  const { message } = await failureOf(ended, 'SourceUnreachable');
  // What the server has sent may be all of the rows; then the program finds it gone when it asks for events.
  assert.match(message, /Lost connection|exit status 2: it printed no reason/);
});

test('a database that is dropped in the middle is passed over by the next attempt, if it is not listed', async (t) => {
  const server = await mariadbServer();
  const binDir = await dumpProgram(t, server, 'echo "Got error: 1049: Unknown database" >&2; exit 2');
  const name = await prepared(t, server, ['CREATE TABLE t (id int)']);
  await failureOf(collect(sourceOf(t, server, { databases: [name], binDir }), never), 'SourceMissing');
  await failureOf(collect(sourceOf(t, server, { binDir }), never), 'SourceUnreachable');
  assert.ok((await select(server, 'SELECT 1')).length === 1);
});
