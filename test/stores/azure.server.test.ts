import { testStore } from './conformance.ts';
import type { Fault } from './fault-proxy.ts';
import { testFaults } from './faults.ts';
import { openTestStore } from './test-stores.ts';

testStore('azure', (t) => openTestStore(t, 'azure'));

testFaults('azure', {
  busy: answer(503, 'ServerBusy'),
  forbidden: answer(403, 'AuthorizationPermissionMismatch'),
  wrongKey: answer(403, 'AuthenticationFailed'),
  expired: answer(403, 'AuthenticationFailed', 'Signature not valid in the specified time frame'),
  clock: answer(403, 'AuthenticationFailed', 'Request date header too old'),
  noContainer: answer(404, 'ContainerNotFound'),
  errorInside200: answer(200, 'InternalError'),
  writeAction: /create blobs/,
  checksUploads: true,
});

function answer(status: number, code: string, detail = 'It is so.'): Fault {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${detail}</Message><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`;
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body,
  };
}
