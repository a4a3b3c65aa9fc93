import { testStore } from './conformance.ts';
import type { Fault } from './fault-proxy.ts';
import { testFaults } from './faults.ts';
import { openTestStore } from './test-stores.ts';

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

function answer(status: number, reason: string, message = 'It is so.'): Fault {
  const body = JSON.stringify({ error: { code: status, message, errors: [{ reason, message }] } });
  return { kind: 'answer', status, headers: { 'content-type': 'application/json' }, body };
}
