import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../stores/open.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { fakeGcsServer } from '../servers/fake-gcs.ts';
import { type Fault, faultProxy } from './fault-proxy.ts';
import { openTestStore, places } from './test-stores.ts';

const dayMs = 86_400_000;
const index: StoreFile = { type: 'index', name: '1'.repeat(64) };
const lock: StoreFile = { type: 'lock', name: '2'.repeat(64) };

test('gcs: older versions that nothing removes are told as that, but for locks', async (t) => {
  const { endpoint } = await fakeGcsServer();
  const name = `test-${randomBytes(8).toString('hex')}`;
  const body = JSON.stringify({ name, versioning: { enabled: true } });
  const headers = { 'content-type': 'application/json' };
  await fetch(`${endpoint}/storage/v1/b?project=test`, { method: 'POST', headers, body });
  const store = await openStore(`gs:${name}:/main`, { env: { STORAGE_EMULATOR_HOST: endpoint } });
  t.after(() => store.close());
  await saveAndRemove(store);
  assert.deepEqual(await store.hidden(), { objects: 1, bytes: 4, until: undefined });
});

test('gcs: a rule for older versions, and soft deletion, tell when all is gone', async (t) => {
  const day = (days: number): string => new Date(Date.UTC(2030, 0, 1) + days * dayMs).toISOString();
  // What the service documents of a bucket, which the emulator does not know.
  const bucket = {
    versioning: { enabled: true },
    softDeletePolicy: { retentionDurationSeconds: '604800' },
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 30 } }] },
  };
  const item = { name: 'some/prefix/index/1', size: '10' };
  const { store } = await behind(t, 'gcs', [
    [/\/b\/[^/]+\?fields=/, json(bucket)],
    [/versions=true/, json({ items: [item, { ...item, timeDeleted: day(0) }] })],
    [
      /softDeleted=true/,
      json({
        items: [
          { ...item, timeDeleted: day(0), hardDeleteTime: day(7) },
          { ...item, name: 'some/prefix/locks/2', timeDeleted: day(99), hardDeleteTime: day(106) },
        ],
      }),
    ],
  ]);
  const hidden = await store.hidden();
  assert.deepEqual(hidden, { objects: 2, bytes: 20, until: new Date(day(37)) });
});

test('gcs: a bucket that keeps nothing, and one that may not be looked at, tell nothing', async (t) => {
  const plain = await openTestStore(t, 'gcs');
  await saveAndRemove(plain);
  assert.equal(await plain.hidden(), undefined);
  const { store } = await behind(t, 'gcs', [[/\/b\/[^/]+\?fields=/, { ...json({}), status: 403 } as Fault]]);
  assert.equal(await store.hidden(), undefined);
});

test('azure: what is deleted softly is told with its end, and older versions without one', async (t) => {
  const blob = (name: string, more: string, properties = '') =>
    `<Blob><Name>some/prefix/${name}</Name>${more}<Properties><Content-Length>10</Content-Length><BlobType>BlockBlob</BlobType>${properties}</Properties></Blob>`;
  const deleted = '<Deleted>true</Deleted>';
  const week =
    '<DeletedTime>Tue, 01 Jan 2030 00:00:00 GMT</DeletedTime><RemainingRetentionDays>7</RemainingRetentionDays>';
  const soft = [blob('index/1', deleted, week), blob('locks/2', deleted, week), blob('index/3', '')];
  const { store, answer } = await behind(t, 'azure', [[/include=/, listing(soft)]]);
  const hidden = await store.hidden();
  assert.partialDeepStrictEqual(hidden, { objects: 1, bytes: 10 });
  const days = ((hidden?.until?.getTime() ?? 0) - Date.now()) / dayMs;
  assert.ok(days > 6.9 && days < 7.1, `${days} days`);

  const version = blob('index/4', '<VersionId>2030-01-01T00:00:00.0000000Z</VersionId>');
  answer([[/include=/, listing([...soft, version])]]);
  assert.deepEqual(await store.hidden(), { objects: 2, bytes: 20, until: undefined });
});

test('azure: an account that knows no versions fails nothing', async (t) => {
  const plain = await openTestStore(t, 'azure');
  await saveAndRemove(plain);
  assert.equal((await plain.hidden())?.objects ?? 0, 0);
  const refused: Fault = {
    kind: 'answer',
    status: 400,
    headers: { 'x-ms-error-code': 'InvalidQueryParameterValue' },
  };
  const { store } = await behind(t, 'azure', [[/include=/, refused]]);
  assert.equal(await store.hidden(), undefined);
});

async function saveAndRemove(store: Store): Promise<void> {
  for (const file of [index, lock]) {
    await store.save(file, [Buffer.from('gone')]);
    await store.remove(file);
  }
}

type Answers = readonly (readonly [RegExp, Fault])[];

/** A store behind a proxy that gives some answers in the place of the server. */
async function behind(t: TestContext, kind: 'gcs' | 'azure', answers: Answers) {
  const { origin } = await places[kind](t);
  const proxy = await faultProxy(t, origin);
  const { url, settings } = await places[kind](t, proxy.origin);
  const store = await openStore(url, settings);
  t.after(() => store.close());
  const answer = (given: Answers) =>
    proxy.rules(...given.map(([path, fault]) => ({ method: 'GET', path, fault })));
  answer(answers);
  return { store, answer };
}

function json(body: object): Fault {
  return {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function listing(blobs: readonly string[]): Fault {
  const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="c"><Blobs>${blobs.join('')}</Blobs><NextMarker /></EnumerationResults>`;
  return { kind: 'answer', status: 200, headers: { 'content-type': 'application/xml' }, body };
}
