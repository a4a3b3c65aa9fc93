import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { parseHostOptions } from '../../../stores/sftp/host-options.ts';
import { parseJumps } from '../../../stores/sftp/jumps.ts';
import { hostKeyAlgorithms, isKnown, knownKeys } from '../../../stores/sftp/known-hosts.ts';
import { parseSftpLocation } from '../../../stores/sftp/location.ts';

const key = randomBytes(32);
const other = randomBytes(32);
const line = (patterns: string, bytes: Buffer = key) =>
  `${patterns} ssh-ed25519 ${bytes.toString('base64')} note`;

function isKnownIn(text: string, host: string, port = 22): boolean {
  return isKnown(knownKeys(text, host, port), key);
}

test('a host is found by name, address, pattern and port', () => {
  assert.ok(isKnownIn(line('db1.example.org,10.0.0.5'), '10.0.0.5'));
  assert.ok(isKnownIn(line('*.example.org'), 'DB1.example.org'));
  assert.ok(isKnownIn(line('[db1]:2222'), 'db1', 2222));
  assert.ok(!isKnownIn(line('db1'), 'db1', 2222));
  assert.ok(!isKnownIn(line('*.example.org,!db1.example.org'), 'db1.example.org'));
  assert.ok(!isKnownIn(`# ${line('db1')}`, 'db1'));
  assert.ok(!isKnownIn(line('db1', other), 'db1'));
});

test('hashed names are found', () => {
  const salt = randomBytes(20);
  const hash = createHmac('sha1', salt).update('db1').digest('base64');
  assert.ok(isKnownIn(line(`|1|${salt.toString('base64')}|${hash}`), 'db1'));
  assert.ok(!isKnownIn(line(`|1|${salt.toString('base64')}|${hash}`), 'db2'));
});

test('a revoked key is not a known one, whatever else is entered', () => {
  assert.ok(!isKnownIn(`${line('db1')}\n@revoked ${line('*')}`, 'db1'));
  assert.ok(!isKnownIn(`@cert-authority ${line('db1')}`, 'db1'));
});

test('the server is asked for the types of key that we can compare', () => {
  const text = 'db1 ssh-rsa AAAA\ndb1 ssh-ed25519 AAAA';
  assert.deepEqual(hostKeyAlgorithms(knownKeys(text, 'db1', 22)), [
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-rsa',
    'ssh-ed25519',
  ]);
});

test('what `ssh -G` prints gives host, port, user and files, below what the URL says', () => {
  const text =
    'user backup\nhostname 10.0.0.5\nport 2200\nidentityfile /k/one\nidentityfile /k/two\nuserknownhostsfile /a /b\nglobalknownhostsfile /c\nproxyjump none\n';
  assert.deepEqual(parseHostOptions(text, parseSftpLocation('sftp:nas:/srv/x')), {
    host: '10.0.0.5',
    port: 2200,
    user: 'backup',
    keyFiles: ['/k/one', '/k/two'],
    knownHostsFiles: ['/a', '/b', '/c'],
    jumps: [],
  });
  const { port, user } = parseHostOptions(text, parseSftpLocation('sftp://me@nas:22//srv/x'));
  assert.deepEqual([port, user], [22, 'me']);
});

test('hosts on the way are read as ssh writes them, and a command as the way is refused with a way around', () => {
  const location = parseSftpLocation('sftp:nas:/srv/x');
  assert.deepEqual(parseHostOptions('proxyjump me@gate:2222,[fe80::1]:22\n', location).jumps, [
    { user: 'me', host: 'gate', port: 2222 },
    { user: undefined, host: 'fe80::1', port: 22 },
  ]);
  assert.throws(
    () => parseHostOptions('proxycommand nc %h %p\n', location),
    /nas is reached by ProxyCommand/,
  );
  for (const wrong of ['-oProxyCommand=x', 'a:secret@b', '', 'a,,b'])
    assert.throws(() => parseJumps(wrong), /is malformed/);
});

test("the URL of a server is written in both of restic's ways", () => {
  assert.deepEqual(parseSftpLocation('sftp:me@nas:/srv/x/'), {
    host: 'nas',
    port: undefined,
    user: 'me',
    path: '/srv/x',
  });
  assert.deepEqual(parseSftpLocation('sftp:nas:x'), {
    host: 'nas',
    port: undefined,
    user: undefined,
    path: 'x',
  });
  assert.deepEqual(parseSftpLocation('sftp://me@[::1]:2222//srv/x'), {
    host: '::1',
    port: 2222,
    user: 'me',
    path: '/srv/x',
  });
  assert.deepEqual(parseSftpLocation('sftp://nas/x'), {
    host: 'nas',
    port: undefined,
    user: undefined,
    path: 'x',
  });
});
