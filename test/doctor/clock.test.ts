import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { clockResults } from '../../doctor/clock.ts';

const { signal } = new AbortController();

async function serviceAt(t: TestContext, offsetMs: number): Promise<string> {
  const server = createServer((_, answer) => {
    answer.setHeader('date', new Date(Date.now() + offsetMs).toUTCString());
    answer.writeHead(403).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `s3:http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/prefix`;
}

test('a clock that agrees with the service is well', async (t) => {
  const [result] = await clockResults('main', await serviceAt(t, 0), signal);
  assert.equal(result?.status, 'ok');
});

test('a clock that is off is told with the direction and the mend', async (t) => {
  for (const [offsetMs, direction] of [
    [20 * 60_000, /1(199|200|201) s behind/],
    [-20 * 60_000, /1(199|200|201) s ahead of/],
  ] as const) {
    const [result] = await clockResults('main', await serviceAt(t, offsetMs), signal);
    assert.equal(result?.status, 'warning');
    assert.match(result?.message ?? '', direction);
  }
});

test('where no time is told, nothing is said', async () => {
  assert.deepEqual(await clockResults('main', '/srv/backup', signal), []);
  assert.deepEqual(await clockResults('main', 's3:http://127.0.0.1:1/bucket', signal), []);
});
