import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startEndpoint } from '../../http/server.ts';
import { startMailServer } from '../../notify/mail-server.ts';
import { jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

test('a trial message goes out by every channel, and a broken one is named without its secret', async (t) => {
  await using mail = await startMailServer();
  await using endpoint = await startEndpoint(({ path }) => ({ status: path.includes('good') ? 200 : 404 }));
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'resguardo.yaml'),
    `repositories: {main: {url: /srv/x, password: env:X}}
notifications:
  channels:
    post: {kind: email, to: [ops@example.com], smtp: {host: 127.0.0.1, port: ${mail.port}}}
    good: {kind: slack, url: env:GOOD}
    bad: {kind: slack, url: env:BAD, severity: critical}
`,
  );
  const env = { GOOD: `${endpoint.url}/good`, BAD: `${endpoint.url}/5ecret-path` };
  const end = await runCommand(['notify', 'test', '--json'], { cwd: folder, env });
  assert.equal(end.code, 1);
  assert.deepEqual(
    (jsonOf(end) as { channel: string; sent: boolean }[]).map(({ channel, sent }) => [channel, sent]),
    [
      ['post', true],
      ['good', true],
      ['bad', false],
    ],
  );
  assert.equal(end.stdout.includes('5ecret'), false);
  assert.match(mail.received[0]?.content ?? '', /TEST: channel post/);
  const one = await runCommand(['notify', 'test', 'good'], { cwd: folder, env });
  assert.deepEqual([one.code, one.stdout], [0, 'good: sent\n']);
  const unknown = await runCommand(['notify', 'test', 'nobody'], { cwd: folder, env });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /There is post, good, bad/);
});
