import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import { testStore } from './conformance.ts';
import { type Fault, faultProxy } from './fault-proxy.ts';
import { testFaults } from './faults.ts';
import { openTestStore, places } from './test-stores.ts';

testStore('gcs', (t) => openTestStore(t, 'gcs'));

testFaults('gcs', {
  busy: answer(503, 'backendError'),
  forbidden: answer(403, 'forbidden'),
  wrongKey: answer(401, 'authError'),
  noContainer: answer(404, 'notFound', 'The specified bucket does not exist.'),
  errorInside200: { kind: 'answer', status: 200, body: '<html>A proxy has something to say' },
  writeAction: /storage\.objects\.create/,
  checksUploads: true,
});

for (const reason of ['retentionPolicyNotMet', 'objectUnderActiveHold'] as const) {
  test(`gcs: what the service refuses to remove for "${reason}" is told as locked, and stays`, async (t) => {
    const { origin } = await places.gcs(t);
    const proxy = await faultProxy(t, origin);
    const { url, settings } = await places.gcs(t, proxy.origin);
    const store = await openStore(url, settings);
    t.after(() => store.close());
    const file = { type: 'index', name: '0'.repeat(64) } as const;
    await store.save(file, [Buffer.from('kept')]);
    const before = proxy.seen.length;
    // The emulator knows no holds: this is what Google's documentation says it answers.
    proxy.rules({ method: 'DELETE', fault: answer(403, reason) });
    await assert.rejects(store.remove(file), (error) => {
      assert.ok(isFailure(error, 'StoreForbidden'), String(error));
      assert.match(
        error.message,
        /storage\.objects\.delete failed .*a retention lock or a hold protects the object/,
      );
      return true;
    });
    assert.equal(proxy.seen.length - before, 1, 'it was not tried again');
    assert.deepEqual(await store.load(file), Buffer.from('kept'));
  });
}

function answer(status: number, reason: string, message = 'It is so.'): Fault {
  const body = JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } });
  return { kind: 'answer', status, headers: { 'content-type': 'application/json' }, body };
}
