import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { places } from './test-stores.ts';

const wish = { speed: 'standard', days: 1 } as const;

test('azure: the tier Archive takes packs with data alone, and gives them back when asked', async (t) => {
  const { url, settings } = await places.azure(t);
  const store = await openStore(url, { ...settings, azure: { accessTier: 'Archive' } });
  t.after(() => store.close());
  const data = await save(store, 'data');
  const tree = await save(store, 'tree');
  assert.equal((await store.load(tree))?.length, 100);
  assert.equal(await store.size(data), 100);
  await assert.rejects(store.load(data), (error) => isFailure(error, 'ObjectArchived'));
  assert.partialDeepStrictEqual(await listed(store, data), { storageClass: 'Archive', reach: 'frozen' });
  assert.equal(await store.thaw(data, wish), 'thawing');
  // Azurite takes no time for it.
  assert.partialDeepStrictEqual(await listed(store, data), { storageClass: 'Cool' });
  assert.equal(await store.thaw(data, wish), 'readable');
  assert.equal((await store.load(data))?.length, 100);
});

test('gcs: ARCHIVE takes packs with data alone, and all are read at once', async (t) => {
  const { url, settings } = await places.gcs(t);
  const store = await openStore(url, { ...settings, gcs: { storageClass: 'ARCHIVE' } });
  t.after(() => store.close());
  const data = await save(store, 'data');
  const tree = await save(store, 'tree');
  assert.partialDeepStrictEqual(await listed(store, data), { storageClass: 'ARCHIVE' });
  assert.partialDeepStrictEqual(await listed(store, tree), { storageClass: 'STANDARD' });
  assert.equal(await store.thaw(data, wish), 'readable');
  assert.equal((await store.load(data))?.length, 100);
});

async function save(store: Store, holds: 'data' | 'tree'): Promise<StoreFile> {
  const bytes = randomBytes(100);
  const file = { type: 'data', name: hash('sha256', bytes), holds } as const;
  assert.equal(await store.save(file, [bytes]), 'stored');
  return file;
}

async function listed(store: Store, { name }: StoreFile) {
  return (await Array.fromAsync(store.list('data'))).find((file) => file.name === name);
}
