import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type NewDatabase, unfinishedName } from '../../../restore/postgres/new-database.ts';
import type { PostgresRestoreRequest } from '../../../restore/postgres/restore.ts';
import { type DatabaseManifest, parseManifest } from '../../../sources/postgres/manifest.ts';
import { createPostgresSource } from '../../../sources/postgres/source.ts';
import { createDatabase, type SharedPostgres } from '../../servers/postgres.ts';
import { collect } from '../../sources/postgres/collect.ts';
import { column, connectionTo, execute, never } from '../../sources/postgres/sample.ts';

export interface Backup {
  readonly manifest: DatabaseManifest;
  readonly dump: Buffer;
}

/** Backs up one database of the server. */
export async function backUp(server: SharedPostgres, database: string): Promise<Backup> {
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
export async function prepared(t: TestContext, server: SharedPostgres, sql: string): Promise<string> {
  const database = await createDatabase(server);
  t.after(() => database.drop());
  await execute(connectionTo(server, database.name), sql);
  return database.name;
}

/** A restore of the backup beside its original, removed after the test. */
export function requestFor(t: TestContext, server: SharedPostgres, backup: Backup): PostgresRestoreRequest {
  const target = `restored_${randomBytes(6).toString('hex')}`;
  t.after(() => execute(connectionTo(server), `DROP DATABASE IF EXISTS ${target} WITH (FORCE)`));
  return {
    connection: connectionTo(server),
    manifest: backup.manifest,
    sourceMajor: server.major,
    dump: inPieces(backup.dump),
    target,
    runId: `run-of-${target}`,
    binDir: server.binDir,
    signal: never,
  };
}

export async function* inPieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < data.length; offset += 65_536) yield data.subarray(offset, offset + 65_536);
}

/** The names of the run's databases that exist: the target, or the unfinished one. */
export async function databasesOf(server: SharedPostgres, database: NewDatabase): Promise<readonly string[]> {
  const names = await column(connectionTo(server), 'SELECT datname FROM pg_database');
  return names.filter((name) => name === database.target || name === unfinishedName(database));
}
