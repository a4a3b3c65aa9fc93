import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { startPostgres } from '../../tools/postgres-server.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { postgresServer } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';

const owner = fileURLToPath(new URL('server-owner.ts', import.meta.url));
const onLinux = { skip: process.platform !== 'linux' && 'only Linux ends a child with its parent' };

test('servers end with the process that started them, even if it is killed', onLinux, async (t) => {
  const folder = await temporaryFolder(t);
  const { binDir } = await postgresServer(15);
  const child = spawn(process.execPath, [owner, binDir, await temporalExecutable(), join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  const { postgresUrl, temporalAddress } = JSON.parse(line);
  const database = new pg.Client({ connectionString: postgresUrl });
  await database.connect();
  const sessionEnded = once(database, 'error');
  database.on('error', () => {});
  const temporal = connect(Number(temporalAddress.split(':')[1]), '127.0.0.1');
  await once(temporal, 'connect');
  temporal.resume().on('error', () => {});
  // Not `once`, which would reject: a connection may also end by a reset.
  const temporalEnded = new Promise((resolve) => temporal.once('close', resolve));
  child.kill('SIGKILL');
  await Promise.all([sessionEnded, temporalEnded]);
});

test('a PostgreSQL keeps its data and its password in its folder', async (t) => {
  const folder = await temporaryFolder(t);
  const { binDir } = await postgresServer(15);
  const options = { binDir, dataDir: join(folder, 'data'), settings: { fsync: 'off' } };
  const first = await startPostgres(options);
  t.after(() => first.stop());
  await query(first.url.reveal(), 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  const second = await startPostgres(options);
  t.after(() => second.stop());
  assert.deepEqual(await query(second.url.reveal(), 'SELECT answer FROM kept'), [{ answer: 42 }]);
  const wrong = new URL(second.url.reveal());
  wrong.password = 'wrong';
  await assert.rejects(query(wrong.href, 'SELECT 1'), /password authentication failed/);
});

test('a PostgreSQL without a folder leaves nothing behind', async () => {
  const { binDir } = await postgresServer(15);
  const server = await startPostgres({ binDir, settings: { fsync: 'off' } });
  await access(dirname(server.dataDir));
  await server.stop();
  await assert.rejects(access(dirname(server.dataDir)), /ENOENT/);
});

test('a PostgreSQL that cannot start says why', async (t) => {
  const folder = await temporaryFolder(t);
  const { binDir } = await postgresServer(15);
  const options = { binDir, dataDir: join(folder, 'data'), settings: { shared_buffers: 'much' } };
  await assert.rejects(startPostgres(options), /invalid value for parameter "shared_buffers"/);
});

test('a Temporal server keeps its workflows in its file', async (t) => {
  const dbFilename = join(await temporaryFolder(t), 'temporal.db');
  const options = { executable: await temporalExecutable(), dbFilename };
  const first = await startTemporalServer(options);
  t.after(() => first.stop());
  assert.equal((await fetch(first.uiUrl ?? '')).status, 200);
  await withClient(first.address, (client) =>
    client.workflow.start('sample', { workflowId: 'kept', taskQueue: 'nobody' }),
  );
  await first.stop();
  const second = await startTemporalServer({ ...options, headless: true });
  t.after(() => second.stop());
  assert.equal(second.uiUrl, undefined);
  const { status } = await withClient(second.address, (client) =>
    client.workflow.getHandle('kept').describe(),
  );
  assert.equal(status.name, 'RUNNING');
});

interface Cleanup {
  after(work: () => Promise<void>): void;
}

async function temporaryFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'servers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function query(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function withClient<T>(address: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
