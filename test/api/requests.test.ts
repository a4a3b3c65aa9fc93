import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { AuditLog } from '../../audit/log.ts';
import { runApi, testKey } from './running-api.ts';

interface Told {
  readonly type: string;
  readonly message: string;
  readonly advice: string;
}

async function toldBy(response: Response): Promise<Told & { readonly status: number }> {
  const told = (await response.json()) as Told;
  assert.deepEqual(Object.keys(told), ['type', 'message', 'advice']);
  assert.doesNotMatch(told.message, /Error:|\bat \S+:\d+|\/work\/|node_modules/);
  return { ...told, status: response.status };
}

test('health needs no key, all else does', async (t) => {
  const { get } = await runApi(t);
  assert.equal((await get('/healthz', {})).status, 200);
  const ready = await get('/readyz', {});
  assert.equal(ready.status, 503);
  assert.deepEqual(await ready.json(), { ready: false, checks: { temporal: 'failed', catalog: 'ok' } });
  for (const path of ['/metrics', '/api/openapi.json', '/api/v1/runs', '/nothing', '/healthz/../metrics']) {
    const { status, type } = await toldBy(await get(path, {}));
    assert.deepEqual([status, type], [401, 'Unauthorized'], path);
  }
});

test('the key comes in a header of its own or as a bearer', async (t) => {
  const { get } = await runApi(t);
  assert.equal((await get('/api/v1/runs', { 'x-api-key': testKey })).status, 200);
  const bearer = `bearer ${testKey.replaceAll(' ', '')}`;
  assert.equal((await get('/api/v1/runs', { authorization: bearer })).status, 401);
  assert.equal((await get('/api/v1/runs', { authorization: `Basic ${testKey}` })).status, 401);
  for (const wrong of ['', ' ', `${testKey}x`, testKey.slice(1), testKey.toUpperCase()]) {
    assert.equal((await get('/api/v1/runs', { 'x-api-key': wrong })).status, 401, wrong);
  }
});

test('without a configured key nothing but health is answered, whatever is sent', async (t) => {
  const { get } = await runApi(t, { keys: [] });
  assert.equal((await get('/healthz')).status, 200);
  const { status, advice } = await toldBy(await get('/api/v1/runs', { 'x-api-key': '' }));
  assert.equal(status, 401);
  assert.match(advice, /BACKUP_API_KEY/);
});

test('a thousand wrong keys lock the address out, the right key too, until the time is over', async (t) => {
  let nowMs = 0;
  const lockout = { tries: 10, windowMs: 60_000, lockMs: 300_000, now: () => nowMs };
  const { get, catalog } = await runApi(t, { lockout, requestsPerMinute: 100_000 });
  const statuses = new Map<number, number>();
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const { status } = await get('/api/v1/runs', { 'x-api-key': `guess ${attempt}` });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(statuses), { 401: 10, 429: 990 });
  const locked = await get('/api/v1/runs');
  assert.equal(locked.headers.get('retry-after'), '300');
  assert.equal((await toldBy(locked)).type, 'TooManyRequests');
  assert.equal((await get('/healthz')).status, 200);
  nowMs = 300_001;
  assert.equal((await get('/api/v1/runs')).status, 200);
  const [entry] = await new AuditLog(catalog.database).entries();
  assert.deepEqual(
    [entry?.action, entry?.outcome, entry?.actor],
    ['api.authenticate', 'refused', 'unknown@127.0.0.1'],
  );
});

test('wrong keys now and then lock nobody out', async (t) => {
  let nowMs = 0;
  const lockout = { tries: 3, windowMs: 60_000, now: () => nowMs };
  const { get } = await runApi(t, { lockout });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    assert.equal((await get('/api/v1/runs', { 'x-api-key': 'wrong' })).status, 401);
    nowMs += 40_000;
  }
});

test('too many requests are put off, known or unknown paths alike', async (t) => {
  const { get } = await runApi(t, { requestsPerMinute: 5 });
  for (let request = 0; request < 5; request += 1) await get('/nothing');
  const { status, type } = await toldBy(await get('/nothing'));
  assert.deepEqual([status, type], [429, 'TooManyRequests']);
});

test('what is wrong in a request is named', async (t) => {
  const { get, post } = await runApi(t);
  for (const [query, message] of [
    ['limt=3', /query is wrong: limt: there is no such field/],
    ['limit=0', /query is wrong: limit: /],
    ['limit=x', /query is wrong: limit: /],
    ['status=fine', /query is wrong: status: /],
    ['from=yesterday', /query is wrong: from: /],
    ['cursor=abc', /cursor: is not one of this list/],
    ['source=../etc', /source: must be a name/],
  ] as const) {
    const told = await toldBy(await get(`/api/v1/runs?${query}`));
    assert.equal(told.status, 400, query);
    assert.match(told.message, message);
  }
  for (const [body, message] of [
    [{}, /body is wrong: source: is missing/],
    [
      { source: 'shop', tag: 'x', sources: 1 },
      /tag: there is no such field; sources: there is no such field/,
    ],
    [{ source: 'shop', tags: ['a b'] }, /tags\.0: must not contain commas or spaces/],
    [{ source: 7 }, /source: /],
    [[], /body is wrong: /],
    ['{"source":"shop","__proto__":{"tags":[]}}', /__proto__: there is no such field/],
    ['{"source":', /not JSON/],
    ['', /JSON|body/i],
    [`{"source":${'['.repeat(20_000)}`, /not JSON/],
    ['['.repeat(20_000) + ']'.repeat(20_000), /body is wrong/],
    [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /not UTF-8/],
    [{ source: 'crm' }, /there is no source "crm"/],
  ] as const) {
    const told = await toldBy(await post('/api/v1/backups', body));
    assert.equal(told.status, 400, JSON.stringify(body).slice(0, 60));
    assert.match(told.message, message);
  }
});

test('a body that is not JSON by its type, and a method that is not there, are refused', async (t) => {
  const { post, url } = await runApi(t);
  const text = await toldBy(await post('/api/v1/backups', 'x', { 'content-type': 'text/plain' }));
  assert.equal(text.status, 415);
  const response = await fetch(`${url}/api/v1/runs`, { method: 'DELETE', headers: { 'x-api-key': testKey } });
  assert.equal((await toldBy(response)).status, 404);
});

test('a body of 100 MB is refused by its announced length, and one of unknown length once it is too long', async (t) => {
  const { url } = await runApi(t);
  const head = `POST /api/v1/backups HTTP/1.1\r\nHost: x\r\nX-API-Key: ${testKey}\r\nContent-Type: application/json\r\n`;
  const announced = await exchange(url, `${head}Content-Length: 104857600\r\n\r\n{`);
  assert.match(announced, /^HTTP\/1\.1 413 /);
  assert.match(announced, /"type":"RequestTooLarge"/);
  const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
  const chunked = await exchange(url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}`);
  assert.match(chunked, /^HTTP\/1\.1 413 /);
});

test('the OpenAPI document is valid and names every route', async (t) => {
  const { get } = await runApi(t);
  const document = (await (await get('/api/openapi.json')).json()) as { paths: object; openapi: string };
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.equal(valid, true, JSON.stringify(errors));
  assert.deepEqual(Object.keys(document.paths).sort(), [
    '/api/v1/backups',
    '/api/v1/runs',
    '/api/v1/runs/{workflowId}/{runId}',
    '/api/v1/schedules',
    '/api/v1/snapshots',
    '/api/v1/sources',
    '/healthz',
    '/metrics',
    '/readyz',
  ]);
});

/** Sends bytes as they are; resolves to what came back until the server closed. */
async function exchange(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => undefined);
  socket.write(request);
  await once(socket, 'close');
  return answer;
}
