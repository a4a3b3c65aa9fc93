import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { freePort } from '../../tools/free-port.ts';

test('a free port can be listened on, and is then refused to others by its number', async (t) => {
  const port = await freePort();
  assert.equal(await freePort(port), port);
  const server = createServer().listen(port, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  await assert.rejects(
    freePort(port),
    (error) => isFailure(error, 'ToolFailed') && error.message.includes(`Port ${port} of 127.0.0.1`),
  );
});
