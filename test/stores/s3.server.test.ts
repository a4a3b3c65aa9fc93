import { testStore } from './conformance.ts';
import type { Fault } from './fault-proxy.ts';
import { testFaults } from './faults.ts';
import { openTestStore } from './test-stores.ts';

testStore('s3', (t) => openTestStore(t, 's3'));

testFaults('s3', {
  busy: answer(503, 'SlowDown'),
  forbidden: answer(403, 'AccessDenied'),
  wrongKey: answer(403, 'SignatureDoesNotMatch'),
  expired: answer(400, 'ExpiredToken'),
  clock: answer(403, 'RequestTimeTooSkewed'),
  noContainer: answer(404, 'NoSuchBucket'),
  errorInside200: answer(200, 'InternalError'),
  writeAction: /s3:PutObject/,
  checksUploads: true,
});

function answer(status: number, code: string): Fault {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>It is so.</Message></Error>`;
  return { kind: 'answer', status, headers: { 'content-type': 'application/xml' }, body };
}
