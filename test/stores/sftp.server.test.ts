import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { runCommand } from '../cli/command-line.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { sshServer } from '../servers/sshd.ts';
import { testStore } from './conformance.ts';
import { type TcpProxy, tcpProxy } from './tcp-proxy.ts';
import { openTestStore, places } from './test-stores.ts';

testStore('sftp', (t) => openTestStore(t, 'sftp'));

const retry = { initialMs: 5, longestMs: 40, totalMs: 5_000 };
const times = { connectMs: 10_000, idleMs: 1_000 };

test('sftp: a lost connection is made again, for reads and writes under way, too', async (t) => {
  const { store, proxy } = await throughProxy(t);
  const bytes = randomBytes(4_000_000);
  const file = fileOf(bytes);
  const cutting = setInterval(() => proxy.cut(), 150);
  setTimeout(() => clearInterval(cutting), 500);
  assert.equal(await store.save(file, [bytes]), 'stored');
  clearInterval(cutting);
  proxy.cut();
  assert.ok((await store.load(file))?.equals(bytes));
  assert.ok(proxy.connections() >= 2);
  assert.deepEqual(await Array.fromAsync(store.list('data')), [{ name: file.name, sizeBytes: bytes.length }]);
});

test('sftp: a connection that stalls is cut and made again', async (t) => {
  const { store, proxy } = await throughProxy(t);
  const bytes = randomBytes(1_000_000);
  const file = fileOf(bytes);
  await store.save(file, [bytes]);
  proxy.stallAfter(300_000);
  const loaded = store.load(file);
  setTimeout(() => proxy.stallAfter(undefined), 1_300);
  assert.ok((await loaded)?.equals(bytes));
});

test('sftp: a server that is away is told with its address', async (t) => {
  const { store, proxy } = await throughProxy(t);
  proxy.close();
  await assert.rejects(store.size(fileOf(randomBytes(1))), (error) => {
    assert.ok(isFailure(error, 'StoreUnavailable'));
    assert.match(error.message, /127\.0\.0\.1:\d+: nobody answers at that address \(ECONNREFUSED\)/);
    return true;
  });
});

test('sftp: a server whose key is not known is refused, and so is one that shows another key', async (t) => {
  const { url, settings } = await places.sftp(t);
  const { knownHostsFile } = await sshServer();
  const folder = await temporaryFolder(t);
  const empty = join(folder, 'empty');
  await writeFile(empty, '');
  const other = join(folder, 'other');
  const [address] = (await readFile(knownHostsFile, 'utf8')).split(' ');
  const foreignKey = 'AAAAC3NzaC1lZDI1NTE5AAAAIIJPcDdQvA1LQx6hS2S5eqFdnOYd4ZxP3QFrGsd3nJkL';
  await writeFile(other, `${address} ssh-ed25519 ${foreignKey}\n`);
  for (const [file, reason] of [
    [empty, /not in known_hosts/],
    [other, /another key/],
  ] as const) {
    const store = await openStore(url, { ...settings, sftp: { ...settings.sftp, knownHostsFile: file } });
    t.after(() => store.close());
    await assert.rejects(store.create(), (error) => {
      assert.ok(isFailure(error, 'InvalidConfiguration'), String(error));
      assert.match(error.message, reason);
      assert.match(error.advice, /ssh-keyscan/);
      return true;
    });
  }
});

test('sftp: a key that the server does not take is told with the mend', async (t) => {
  const { url, settings } = await places.sftp(t);
  const sftp = { knownHostsFile: settings.sftp?.knownHostsFile, password: 'env:WRONG' };
  const store = await openStore(url, { env: { WRONG: 'hunter2' }, sftp });
  t.after(() => store.close());
  await assert.rejects(store.create(), (error) => {
    assert.ok(isFailure(error, 'StoreAuthentication'), String(error));
    assert.match(error.advice, /authorized_keys/);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  });
});

test('sftp: a folder that may not be written is told with the mend', async (t) => {
  const { url, settings } = await places.sftp(t);
  const store = await openStore(`${url.slice(0, url.indexOf('//', 8))}//sys/resguardo-test`, settings);
  t.after(() => store.close());
  await assert.rejects(store.create(), (error) => {
    assert.ok(isFailure(error, 'StoreForbidden'), String(error));
    return true;
  });
});

async function throughProxy(t: TestContext): Promise<{ readonly store: Store; readonly proxy: TcpProxy }> {
  const { host, port, knownHostsFile } = await sshServer();
  const proxy = await tcpProxy({ host, port });
  t.after(() => proxy.close());
  const { url, settings } = await places.sftp(t, `tcp://127.0.0.1:${proxy.port}`);
  const knownHosts = join(await temporaryFolder(t), 'known_hosts');
  const text = await readFile(knownHostsFile, 'utf8');
  await writeFile(knownHosts, text.replace(`]:${port} `, `]:${proxy.port} `));
  const sftp = { ...settings.sftp, knownHostsFile: knownHosts };
  const store = await openStore(url, { ...settings, sftp, retry, times });
  t.after(() => store.close());
  await store.create();
  return { store, proxy };
}

function fileOf(bytes: Uint8Array): StoreFile {
  return { type: 'data', name: hash('sha256', bytes) };
}

test('a command that finds no repository, or may make none, ends by itself', async (t) => {
  const { url, settings } = await places.sftp(t);
  const configuration = join(await temporaryFolder(t), 'resguardo.yaml');
  const { privateKey, knownHostsFile } = settings.sftp ?? {};
  const run = async (place: string, ...args: readonly string[]) => {
    const main = { url: place, password: 'env:PASSWORD', sftp: { privateKey, knownHostsFile } };
    await writeFile(configuration, JSON.stringify({ repositories: { main } }));
    const options = ['--repository', 'main', '--config', configuration];
    return await runCommand(['repo', ...args, ...options], { env: { PASSWORD: 'correct horse' } });
  };
  assert.equal((await run(url, 'snapshots')).code, 10);
  const forbidden = await run(`${url.slice(0, url.indexOf('//', 7))}//etc/none`, 'init');
  assert.equal(forbidden.code, 1, forbidden.stderr);
});
