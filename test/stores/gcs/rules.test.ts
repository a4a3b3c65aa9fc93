import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { harmfulRules, readHarmfulRules } from '../../../stores/gcs/rules.ts';

const deletes = { type: 'Delete' };
const found = (condition: object, action: object = deletes) =>
  harmfulRules({ lifecycle: { rule: [{ action, condition }] } }, { prefix: 'backup' });

test('a rule that deletes live objects of the repository is harmful, whatever else it asks for', () => {
  assert.deepEqual(found({ age: 30 }), [{ id: 'number 1', description: 'deletes objects after 30 days' }]);
  for (const condition of [
    {},
    { createdBefore: '2027-01-01' },
    { age: 1, matchesPrefix: ['other/', 'back'] },
    { age: 1, matchesPrefix: ['backup/data/'] },
    { age: 1, matchesSuffix: ['.x'] },
    { age: 1, isLive: true },
  ]) {
    assert.equal(found(condition).length, 1, JSON.stringify(condition));
  }
});

test('rules for old versions, other prefixes, classes and unfinished uploads are none of our business', () => {
  for (const condition of [
    { age: 1, isLive: false },
    { daysSinceNoncurrentTime: 30 },
    { numNewerVersions: 3 },
    { age: 1, matchesPrefix: ['logs/'] },
  ]) {
    assert.deepEqual(found(condition), [], JSON.stringify(condition));
  }
  assert.deepEqual(found({ age: 1 }, { type: 'SetStorageClass', storageClass: 'ARCHIVE' }), []);
  assert.deepEqual(found({ age: 1 }, { type: 'AbortIncompleteMultipartUpload' }), []);
  assert.deepEqual(harmfulRules({}, { prefix: '' }), []);
});

test('the rules are asked for, and that one may not look is no failure', async (t) => {
  const lifecycle = { rule: [{ action: deletes, condition: { age: 7 } }] };
  const seen = await rulesFrom(t, 200, JSON.stringify({ lifecycle }));
  assert.equal(seen?.length, 1);
  assert.equal(await rulesFrom(t, 403, '{}'), undefined);
  await assert.rejects(rulesFrom(t, 404, '{}'), /storage\.buckets\.get/);
});

async function rulesFrom(t: TestContext, status: number, body: string) {
  const server = createServer((request, response) => {
    assert.equal(request.url, '/storage/v1/b/bucket-1?fields=lifecycle');
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const env = { STORAGE_EMULATOR_HOST: `127.0.0.1:${port}` };
  return await readHarmfulRules('gs:bucket-1:/backup', { env }, new AbortController().signal);
}
