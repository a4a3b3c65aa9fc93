import assert from 'node:assert/strict';
import { chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { captureProgram } from '../../../programs/capture.ts';
import type { PostgresConnection } from '../../../sources/postgres/connection.ts';
import { createPostgresSource } from '../../../sources/postgres/source.ts';
import { startPostgres } from '../../../tools/postgres-server.ts';
import { failureOf } from '../../failure-of.ts';
import { postgresServer } from '../../servers/postgres.ts';
import { collect } from './collect.ts';
import { execute, never } from './sample.ts';

/** Certificates of an authority of our own: one for the name "localhost" and none for 127.0.0.1. */
async function makeCertificates(folder: string): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const openssl = (...args: readonly string[]) =>
    captureProgram({ command: 'openssl', args, workingFolder: folder, signal: never });
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test authority');
  await openssl('req', '-x509', ...key, '-keyout', 'other.key', '-out', 'other.pem', '-subj', '/CN=Another');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-addext', 'subjectAltName=DNS:localhost'];
  await openssl(
    'req',
    '-x509',
    ...key,
    ...signed,
    '-keyout',
    'server.key',
    '-out',
    'server.crt',
    '-subj',
    '/CN=localhost',
  );
}

let folder: string;
let server: PostgresConnection & { readonly binDir: string };

let stopServer = async (): Promise<void> => {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-'));
  const { binDir } = await postgresServer(17);
  await makeCertificates(folder);
  const dataDir = join(folder, 'cluster');
  await (await startPostgres({ binDir, dataDir })).stop();
  const { uid, gid } = await stat(join(dataDir, 'PG_VERSION'));
  for (const name of ['server.key', 'server.crt']) {
    await copyFile(join(folder, name), join(dataDir, name));
    await chown(join(dataDir, name), uid, gid);
  }
  const { port, user, password, stop } = await startPostgres({ binDir, dataDir, settings: { ssl: 'on' } });
  server = { host: 'localhost', port, user, password, database: 'postgres', binDir };
  stopServer = stop;
  await execute(server, `CREATE TABLE item AS SELECT repeat('x', 1000) FROM generate_series(1, 10000)`);
});

after(async () => {
  await stopServer();
  await rm(folder, { recursive: true, force: true });
});

/** Backs up with our own sessions and with pg_dump. */
async function backUp(connection: Partial<PostgresConnection>): Promise<number> {
  const source = createPostgresSource({
    name: 'tls',
    connection: { ...server, ...connection },
    binDir: server.binDir,
  });
  try {
    return (await collect(source, never)).files.size;
  } finally {
    await source.close();
  }
}

test('a server is trusted by its authority and its name', async () => {
  const sslRootCertificate = join(folder, 'ca.pem');
  assert.equal(await backUp({ sslMode: 'verify-full', sslRootCertificate }), 5);
  assert.equal(await backUp({ sslMode: 'verify-ca', sslRootCertificate, host: '127.0.0.1' }), 5);
  assert.equal(await backUp({ sslMode: 'require' }), 5);
});

test('a server with another name or another authority is not trusted', async () => {
  const sslRootCertificate = join(folder, 'ca.pem');
  const otherName = backUp({ sslMode: 'verify-full', sslRootCertificate, host: '127.0.0.1' });
  assert.match(
    (await failureOf(otherName, 'SourceAuthentication')).message,
    /its certificate is not trusted/,
  );
  for (const sslMode of ['verify-full', 'verify-ca', 'require'] as const) {
    const otherAuthority = backUp({ sslMode, sslRootCertificate: join(folder, 'other.pem') });
    await failureOf(otherAuthority, 'SourceAuthentication');
  }
  const unknown = await failureOf(backUp({ sslMode: 'verify-full' }), 'SourceAuthentication');
  assert.match(unknown.advice, /sslrootcert/);
});

test('a file of certificates that is not there is named', async () => {
  const sslRootCertificate = join(folder, 'no-such.pem');
  const { message } = await failureOf(
    backUp({ sslMode: 'verify-ca', sslRootCertificate }),
    'InvalidConfiguration',
  );
  assert.match(message, /no-such\.pem/);
});
