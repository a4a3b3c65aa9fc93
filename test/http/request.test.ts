import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { type Failure, isFailure } from '../../contracts/failures.ts';
import { type HttpRequest, sendRequest } from '../../http/request.ts';
import { Secret } from '../../secrets/secret.ts';
import { selfSigned } from './certificate.ts';
import { startEndpoint } from './server.ts';

const token = 'T0KEN5ecret';

const post = (base: string, options: Partial<HttpRequest> = {}) =>
  sendRequest({
    name: 'channel ops',
    url: new Secret(`${base}/services/${token}`),
    method: 'POST',
    body: '{"text":"hello"}',
    signal: new AbortController().signal,
    failures: { unavailable: 'NotificationUnavailable', refused: 'NotificationRefused' },
    ...options,
  });

async function failureOf(attempt: Promise<unknown>): Promise<Failure> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isFailure(error), String(error));
  assert.equal(
    JSON.stringify([error.message, error.advice, String(error.cause), error.stack]).includes(token),
    false,
  );
  return error;
}

test('a request arrives as it was sent, and its answer comes back', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 200, body: 'ok' }));
  assert.deepEqual(await post(endpoint.url, { headers: { 'X-Id': '7' } }), { status: 200, text: 'ok' });
  const [request] = endpoint.received;
  assert.deepEqual(
    [request?.method, request?.path, request?.headers['x-id'], request?.body],
    ['POST', `/services/${token}`, '7', '{"text":"hello"}'],
  );
});

test('a server error may go well later, a refusal does not', async () => {
  for (const [status, type] of [
    [500, 'NotificationUnavailable'],
    [503, 'NotificationUnavailable'],
    [408, 'NotificationUnavailable'],
    [400, 'NotificationRefused'],
    [403, 'NotificationRefused'],
    [404, 'NotificationRefused'],
    [301, 'NotificationRefused'],
  ] as const) {
    await using endpoint = await startEndpoint(() => ({ status, body: 'no_service' }));
    const failure = await failureOf(post(endpoint.url));
    assert.equal(failure.type, type);
    assert.match(
      failure.message,
      new RegExp(`^channel ops: 127.0.0.1:\\d+ answers ${status} \\(no_service\\)`),
    );
    assert.equal(endpoint.received.length, 1);
  }
});

test('an endpoint that asks for patience is given it, up to an hour', async () => {
  for (const [header, least, most] of [
    ['30', 30_000, 30_000],
    ['999999', 3_600_000, 3_600_000],
    [new Date(Date.now() + 120_000).toUTCString(), 100_000, 120_000],
  ] as const) {
    await using endpoint = await startEndpoint(() => ({ status: 429, headers: { 'Retry-After': header } }));
    const failure = await failureOf(post(endpoint.url));
    assert.equal(failure.type, 'NotificationUnavailable');
    const waitMs = failure.retryAfterMs ?? -1;
    assert.ok(waitMs >= least && waitMs <= most, String(waitMs));
  }
});

test('an answer that repeats the secret part of the URL is not shown', async () => {
  await using endpoint = await startEndpoint(({ path }) => ({ status: 404, body: `no such path ${path}` }));
  const failure = await failureOf(post(endpoint.url));
  assert.match(failure.message, /answers 404$/);
});

test('an endpoint that never answers is given up', async () => {
  await using endpoint = await startEndpoint(() => 'stall');
  const failure = await failureOf(post(endpoint.url, { timeoutMs: 50 }));
  assert.equal(failure.type, 'NotificationUnavailable');
  assert.match(failure.message, /no answer from 127\.0\.0\.1:\d+ in 0\.05 s/);
});

test('a closed port, an unknown host and a cut connection are named', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  assert.match((await failureOf(post(`http://127.0.0.1:${port}`))).message, /the connection was cut/);
  await new Promise((resolve) => server.close(resolve));
  assert.match((await failureOf(post(`http://127.0.0.1:${port}`))).message, /the connection is refused/);
  const unknown = await failureOf(post('http://no-such-host.invalid'));
  assert.equal(unknown.type, 'NotificationUnavailable');
  assert.match(unknown.message, /no-such-host\.invalid/);
});

test('a certificate that nobody vouches for is refused with the mend', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 200 }), selfSigned);
  const failure = await failureOf(post(endpoint.url));
  assert.equal(failure.type, 'NotificationRefused');
  assert.match(failure.message, /the certificate of 127\.0\.0\.1:\d+ is not accepted/);
  assert.equal(endpoint.received.length, 0);
});

test('what is no web address is refused without being shown', async () => {
  for (const url of [`file:///etc/${token}`, token, `ftp://x/${token}`]) {
    const failure = await failureOf(post('', { url: new Secret(url) }));
    assert.equal(failure.type, 'NotificationRefused');
  }
});

test('a cancelled request rejects with the reason of the signal', async () => {
  await using endpoint = await startEndpoint(() => 'stall');
  const controller = new AbortController();
  const sent = post(endpoint.url, { signal: controller.signal });
  controller.abort(new Error('shutting down'));
  await assert.rejects(sent, /shutting down/);
});
