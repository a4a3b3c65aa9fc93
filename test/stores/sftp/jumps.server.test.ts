import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { isFailure } from '../../../contracts/failures.ts';
import { openStore } from '../../../stores/open.ts';
import type { SftpSettings } from '../../../stores/settings.ts';
import type { Store } from '../../../stores/store.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { sshServer } from '../../servers/sshd.ts';
import { tcpProxy } from '../tcp-proxy.ts';
import { places } from '../test-stores.ts';

/** Nobody listens there. */
const closedPort = 1;

/** An sshd behind itself: the way to it leads over it, by doors that count who came in. */
async function way(t: TestContext, doors: number) {
  const { host, port, user, knownHostsFile } = await sshServer();
  const proxies = await Promise.all(Array.from({ length: doors }, () => tcpProxy({ host, port })));
  t.after(() => proxies.map((proxy) => proxy.close()));
  const folder = await temporaryFolder(t);
  const knownHosts = join(folder, 'known_hosts');
  const line = await readFile(knownHostsFile, 'utf8');
  const ports = [port, closedPort, ...proxies.map((proxy) => proxy.port)];
  await writeFile(knownHosts, ports.map((one) => line.replace(`]:${port} `, `]:${one} `)).join(''));
  const { url, settings } = await places.sftp(t);
  const open = async (sftp: SftpSettings, at = (address: string) => address): Promise<Store> => {
    const retry = { initialMs: 5, longestMs: 40, totalMs: 2_000 };
    const all = { ...settings.sftp, knownHostsFile: knownHosts, ...sftp };
    const store = await openStore(at(url), { ...settings, sftp: all, retry });
    t.after(() => store.close());
    return store;
  };
  const jumps = proxies.map((proxy) => `${user}@127.0.0.1:${proxy.port}`);
  return { proxies, jumps, folder, knownHosts, open };
}

async function writeAndRead(store: Store): Promise<void> {
  await store.create();
  const bytes = randomBytes(3_000_000);
  const file = { type: 'data', name: hash('sha256', bytes) } as const;
  assert.equal(await store.save(file, [bytes]), 'stored');
  assert.ok((await store.load(file))?.equals(bytes));
}

test('sftp: a server behind two others is reached through both, and a lost way is found again', async (t) => {
  const { proxies, jumps, open } = await way(t, 2);
  const store = await open({ proxyJump: jumps.join(',') });
  await writeAndRead(store);
  const connections = () => proxies.map((proxy) => proxy.connections());
  assert.deepEqual(connections(), [1, 1]);
  proxies[1]?.cut();
  await writeAndRead(store);
  assert.deepEqual(connections(), [2, 2]);
  await store.close();
});

test('sftp: ProxyJump of the configuration of ssh is followed, also where the host on the way has one', async (t) => {
  const { proxies, jumps, folder, open } = await way(t, 2);
  const { port, user } = await sshServer();
  const [first = '', second = ''] = jumps;
  const configuration = join(folder, 'config');
  const entry = (name: string, at: string | number, jump: string): string =>
    `Host ${name}\n  HostName 127.0.0.1\n  Port ${at}\n  User ${user}\n  ProxyJump ${jump}\n`;
  await writeFile(
    configuration,
    entry('target', port, 'inner') + entry('inner', second.split(':')[1] ?? '', first),
  );
  await useSshConfiguration(t, folder, configuration);
  await writeAndRead(await open({}, (url) => url.replace(`127.0.0.1:${port}`, 'target')));
  assert.deepEqual(
    proxies.map((proxy) => proxy.connections()),
    [1, 1],
  );
});

test('sftp: what fails on the way is told with the host where it failed', async (t) => {
  const { proxies, jumps, folder, open } = await way(t, 1);
  const [jump = ''] = jumps;
  const { port } = await sshServer();
  const nobody = join(folder, 'nobody');
  await writeFile(nobody, '');
  const unknown = await open({ proxyJump: jump, knownHostsFile: nobody });
  await assert.rejects(unknown.create(), (error) => {
    assert.ok(isFailure(error, 'InvalidConfiguration'), String(error));
    assert.match(error.message, new RegExp(`${jump}.*not in known_hosts`));
    return true;
  });
  const closed = await open({ proxyJump: jump }, (url) => url.replace(`:${port}/`, `:${closedPort}/`));
  await assert.rejects(closed.create(), (error) => {
    assert.ok(isFailure(error, 'StoreUnavailable'), String(error));
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:1, through ${jump}`));
    return true;
  });
  proxies[0]?.close();
  const away = await open({ proxyJump: jump });
  await assert.rejects(away.create(), (error) => {
    assert.ok(isFailure(error, 'StoreUnavailable'), String(error));
    assert.match(error.message, new RegExp(`${jump}: nobody answers`));
    return true;
  });
});

/** OpenSSH finds its configuration by the password file, whatever HOME says: a program of that name names ours. */
async function useSshConfiguration(t: TestContext, folder: string, configuration: string): Promise<void> {
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v ssh']);
  const program = join(folder, 'ssh');
  await writeFile(program, `#!/bin/sh\nexec '${stdout.trim()}' -F '${configuration}' "$@"\n`);
  await chmod(program, 0o755);
  process.env.PATH = `${folder}:${PATH}`;
  t.after(() => {
    process.env.PATH = PATH;
  });
}
