import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Failure, isFailure } from '../../../contracts/failures.ts';
import { compareDatabase } from '../../../restore/postgres/compare.ts';
import { unfinishedPrefix } from '../../../restore/postgres/new-database.ts';
import { type PostgresRestoreRequest, restoreDatabase } from '../../../restore/postgres/restore.ts';
import { type DatabaseManifest, parseManifest } from '../../../sources/postgres/manifest.ts';
import { createPostgresSource } from '../../../sources/postgres/source.ts';
import { createDatabase, postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { collect } from '../../sources/postgres/collect.ts';
import { column, connectionTo, execute, never, sampleSchema } from '../../sources/postgres/sample.ts';

interface Backup {
  readonly manifest: DatabaseManifest;
  readonly dump: Buffer;
}

/** Backs up one database of the server. */
async function backUp(server: SharedPostgres, database: string): Promise<Backup> {
  const source = createPostgresSource({
    name: 'sample',
    connection: connectionTo(server),
    databases: [database],
    binDir: server.binDir,
  });
  try {
    const { files } = await collect(source, never);
    const [manifest] = parseManifest(files.get('sample/manifest.json') ?? Buffer.of()).databases;
    assert.ok(manifest);
    return { manifest, dump: files.get(`sample/${manifest.file}`) ?? Buffer.of() };
  } finally {
    await source.close();
  }
}

/** A database with the statements run in it, removed after the test. */
async function prepared(t: TestContext, server: SharedPostgres, sql: string): Promise<string> {
  const database = await createDatabase(server);
  t.after(() => database.drop());
  await execute(connectionTo(server, database.name), sql);
  return database.name;
}

function requestFor(
  t: TestContext,
  server: SharedPostgres,
  { manifest, dump }: Backup,
): PostgresRestoreRequest {
  const target = `${manifest.name}_restored`;
  t.after(() => execute(connectionTo(server), `DROP DATABASE IF EXISTS ${target} WITH (FORCE)`));
  return {
    connection: connectionTo(server),
    manifest,
    sourceMajor: server.major,
    dump: inPieces(dump),
    target,
    runId: `run-${manifest.name}`,
    binDir: server.binDir,
    signal: never,
  };
}

async function* inPieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < data.length; offset += 65_536) yield data.subarray(offset, offset + 65_536);
}

async function failureOf(promise: Promise<unknown>, type: Failure['type']): Promise<Failure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isFailure(error, type), `expected ${type}, got ${error}`);
  return error;
}

function databaseNames(server: SharedPostgres): Promise<readonly string[]> {
  return column(connectionTo(server), 'SELECT datname FROM pg_database');
}

/** Neither the target nor an unfinished database of this run. */
async function assertNothingLeft(server: SharedPostgres, request: PostgresRestoreRequest): Promise<void> {
  const names = await databaseNames(server);
  assert.equal(names.includes(request.target), false);
  const sizes = await column(
    connectionTo(server),
    `SELECT datname FROM pg_database WHERE datname LIKE '${unfinishedPrefix}%'`,
  );
  assert.deepEqual(sizes, []);
}

for (const major of [15, 17, 18] as const) {
  test(`a restored database of PostgreSQL ${major} is equal in every check`, async (t) => {
    const server = await postgresServer(major);
    const backup = await backUp(server, await prepared(t, server, sampleSchema));
    const request = requestFor(t, server, backup);
    let seen = 0;
    const restored = await restoreDatabase({ ...request, onBytes: (bytes) => (seen += bytes) });
    assert.deepEqual(restored, { bytes: backup.dump.length, warnings: [] });
    assert.equal(seen, backup.dump.length);
    const checks = await compareDatabase(request);
    assert.deepEqual(
      checks.filter(({ passed }) => !passed),
      [],
    );
    const subjects = checks.map(({ subject, detail }) => `${subject}: ${detail}`);
    assert.ok(subjects.includes('shop.customer: 2000 rows, content equal'), subjects.join('\n'));
    assert.ok(subjects.includes('"od d\\"ity"."ta\'ble\\nwith a line": 4 rows, content equal'));
    assert.ok(subjects.includes('large objects: 3 with 9588608 bytes, content equal'));
    assert.ok(subjects.includes('sequences: 3 equal'));
  });
}
