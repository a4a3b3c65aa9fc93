import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { probeMachine } from '../../setup/probe.ts';

async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-probe-'));
  context.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function listen(context: TestContext, answer: (server: Server) => void): Promise<number> {
  const server = createServer();
  answer(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const base = { host: 'db1', home: '/home/me', isRoot: true, signal: new AbortController().signal };
const nowhere = {
  socketFolders: [],
  ports: [],
  folders: [],
  copies: [],
  mounts: [],
  services: [],
  mysql: { sockets: [], ports: [] },
};

test('folders that hold something, places to write to and services are found', async (context) => {
  const folder = await temporaryFolder(context);
  for (const name of ['full', 'empty', 'copies']) await mkdir(path.join(folder, name));
  await writeFile(path.join(folder, 'full', 'x'), 'x');
  await writeFile(path.join(folder, 'docker.sock'), '');
  const facts = await probeMachine({
    ...base,
    env: {},
    search: {
      ...nowhere,
      folders: ['full', 'empty', 'missing'].map((name) => path.join(folder, name)),
      copies: ['missing', 'copies'].map((name) => path.join(folder, name)),
      services: ['docker.sock', 'mysqld.sock'].map((name) => ({ name, socket: path.join(folder, name) })),
    },
  });
  assert.deepEqual(
    facts.folders.map(({ path: found }) => path.basename(found)),
    ['full'],
  );
  assert.deepEqual(
    facts.places.map(({ path: found }) => path.basename(found)),
    ['copies'],
  );
  assert.ok((facts.places[0]?.freeBytes ?? 0) > 0);
  assert.deepEqual(
    facts.others.map(({ name }) => name),
    ['docker.sock'],
  );
});

test('a port is PostgreSQL only if it answers as PostgreSQL does', async (context) => {
  const chatty = await listen(context, (server) =>
    server.on('connection', (socket) => socket.end('SSH-2.0-x\r\n')),
  );
  const silent = await listen(context, (server) =>
    server.on('connection', (socket) => context.after(() => socket.destroy())),
  );
  const right = await listen(context, (server) =>
    server.on('connection', (socket) => socket.once('data', () => socket.write('N'))),
  );
  const facts = await probeMachine({
    ...base,
    env: {},
    search: { ...nowhere, ports: [chatty, silent, right, 1] },
  });
  assert.deepEqual(facts.postgres, [{ host: '127.0.0.1', port: right }]);
});

test('variables are named, their secrets are not repeated', async () => {
  const env = {
    RESTIC_REPOSITORY: '/mnt/r',
    RESTIC_PASSWORD: 'hunter2',
    DATABASE_URL: 'postgresql://u:hunter2@h/d',
  };
  const facts = await probeMachine({ ...base, env, search: nowhere });
  assert.deepEqual(facts.variables, ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD']);
  assert.equal(facts.databaseUrl, 'postgres');
  assert.deepEqual(facts.restic, { repository: '/mnt/r' });
  const withPassword = await probeMachine({
    ...base,
    env: { RESTIC_REPOSITORY: 'rest:https://u:hunter2@h/' },
    search: nowhere,
  });
  assert.equal(JSON.stringify([facts, withPassword]).includes('hunter2'), false);
});

test('the real machine is looked at without a failure', async () => {
  const facts = await probeMachine({ ...base, env: {}, home: tmpdir() });
  assert.ok(facts.places.length > 0);
});

test('the kind of the database of DATABASE_URL is told by its scheme', async () => {
  const probe = async (url: string) =>
    await probeMachine({ ...base, env: { DATABASE_URL: url }, search: nowhere });
  assert.equal((await probe('mysql://u:hunter2@h/d')).databaseUrl, 'mysql');
  const { databaseUrl, others } = await probe('mongodb://u:hunter2@h/d');
  assert.equal(databaseUrl, undefined);
  assert.deepEqual(others, [{ name: 'mongodb://', where: 'DATABASE_URL' }]);
});
