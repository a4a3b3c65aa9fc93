import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import type { S3StorageClass } from '../../contracts/storage-classes.ts';
import { openStore } from '../../stores/open.ts';
import type { StoreFile } from '../../stores/store.ts';
import { coldPlace, coldS3 } from './cold-s3.ts';
import { testStore } from './conformance.ts';

testStore('an S3 that freezes', async (t) => (await coldStore(t, 'STANDARD')).store);

const wish = { speed: 'bulk', days: 3 } as const;

test('an archive class takes packs with data alone', async (t) => {
  const { store, server } = await coldStore(t, 'DEEP_ARCHIVE');
  await save(store, { type: 'data', holds: 'data' });
  await save(store, { type: 'data', holds: 'tree' });
  await save(store, { type: 'data' });
  await save(store, { type: 'index' });
  await save(store, { type: 'snapshot' });
  const classes = [...server.objects.values()].map(({ storageClass }) => storageClass);
  assert.deepEqual(classes, ['DEEP_ARCHIVE', 'STANDARD', 'STANDARD', 'STANDARD', 'STANDARD']);
});

test('a class that is read at once takes packs of every kind', async (t) => {
  const { store, server } = await coldStore(t, 'STANDARD_IA');
  await save(store, { type: 'data', holds: 'tree' });
  await save(store, { type: 'key' });
  const classes = [...server.objects.values()].map(({ storageClass }) => storageClass);
  assert.deepEqual(classes, ['STANDARD_IA', 'STANDARD']);
});

test('a frozen pack cannot be read, and the message says what to do', async (t) => {
  const { store } = await coldStore(t, 'GLACIER');
  const pack = await save(store, { type: 'data', holds: 'data' });
  await assert.rejects(
    store.load(pack),
    (error) =>
      isFailure(error, 'ObjectArchived') && /not thawed/.test(error.message) && /--thaw/.test(error.advice),
  );
  assert.equal(await store.size(pack), 100, 'its size is known all the same');
});

test('a pack is thawed: asked for once, readable later, frozen again after its days', async (t) => {
  const { store, server } = await coldStore(t, 'GLACIER');
  const pack = await save(store, { type: 'data', holds: 'data' });
  const reach = async () => (await Array.fromAsync(store.list('data')))[0]?.reach;
  assert.equal(await reach(), 'frozen');
  assert.equal(await store.thaw(pack, wish), 'thawing');
  assert.equal(await store.thaw(pack, wish), 'thawing', 'it was asked for before');
  assert.equal(await reach(), 'thawing');
  server.thaw();
  assert.equal(await reach(), 'readable');
  assert.equal(await store.thaw(pack, wish), 'readable');
  assert.equal((await store.load(pack))?.length, 100);
  server.freeze();
  assert.equal(await reach(), 'frozen');
  const asked = server.requests.filter(({ method }) => method === 'POST');
  assert.deepEqual(
    asked.map(({ tier, status }) => [tier, status]),
    [
      ['Bulk', 202],
      ['Bulk', 409],
      ['Bulk', 200],
    ],
  );
});

test('what was never frozen counts as thawed', async (t) => {
  const { store } = await coldStore(t, 'GLACIER');
  assert.equal(await store.thaw(await save(store, { type: 'index' }), wish), 'readable');
});

test('a listing tells the class and the age of each object', async (t) => {
  const { store } = await coldStore(t, 'GLACIER');
  await save(store, { type: 'data', holds: 'data' });
  const [file] = await Array.fromAsync(store.list('data'));
  assert.equal(file?.storageClass, 'GLACIER');
  assert.ok(file.writtenAt instanceof Date);
});

async function coldStore(t: TestContext, storageClass: S3StorageClass) {
  const server = await coldS3(t);
  const { url, settings } = coldPlace(server, storageClass);
  const store = await openStore(url, settings);
  t.after(() => store.close());
  return { store, server };
}

async function save(
  store: Awaited<ReturnType<typeof openStore>>,
  file: Pick<StoreFile, 'type' | 'holds'>,
): Promise<StoreFile> {
  const bytes = randomBytes(100);
  const named = { ...file, name: hash('sha256', bytes) };
  await store.save(named, [bytes]);
  return named;
}
