import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { Sealing } from '../../../repository/crypto/sealing.ts';
import { PackBuilder } from '../../../repository/pack/pack-builder.ts';
import { packMatchesName, readPackHeader } from '../../../repository/pack/pack-reader.ts';
import { openLocalStore } from '../../../stores/local.ts';
import type { Store } from '../../../stores/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const sealing = new Sealing(randomMasterKey());

function builtPack(blobCount: number) {
  const builder = new PackBuilder('data', sealing, Buffer.alloc(1024 * 1024));
  for (let number = 0; number < blobCount; number++) {
    const content = randomBytes(100 + number);
    const uncompressedLength = number % 2 ? 1000 : undefined;
    builder.add({ id: hash('sha256', content), content, uncompressedLength });
  }
  return builder.finish();
}

for (const blobCount of [1, 5, 25, 26, 500]) {
  test(`the header of a stored pack of ${blobCount} blobs is read back`, async (t) => {
    const pack = builtPack(blobCount);
    const store = await createdStore(t);
    await store.save({ type: 'data', name: pack.id }, [pack.bytes]);
    const file = { id: pack.id, sizeBytes: pack.bytes.length };
    assert.deepEqual(await readPackHeader({ store, sealing }, file), [...pack.blobs]);
    assert.equal(await packMatchesName(store, file), true);
  });
}

test('each blob lies where the header says', () => {
  const { blobs, bytes } = builtPack(20);
  for (const { id, offset, length, uncompressedLength } of blobs) {
    const content = sealing.open(bytes.subarray(offset, offset + length));
    assert.ok(content, 'opens');
    if (uncompressedLength === undefined) assert.equal(hash('sha256', content), id);
  }
});

test('a pack of which any byte is changed or missing is damage', async (t) => {
  const pack = builtPack(2);
  const store = await createdStore(t);
  const blobBytes = [...pack.blobs].reduce((sum, { length }) => sum + length, 0);
  for (let position = 0; position < pack.bytes.length; position++) {
    const changed = Buffer.from(pack.bytes);
    changed[position] = (changed[position] ?? 0) ^ (1 << (position % 8));
    const file = { id: hash('sha256', `${position}`), sizeBytes: changed.length };
    await plant(store, file.id, changed);
    assert.equal(await packMatchesName(store, file), false);
    if (position >= blobBytes)
      await assert.rejects(readPackHeader({ store, sealing }, file), isDamage(file.id));
  }
});

test('a pack of any shorter length is damage', async (t) => {
  const pack = builtPack(1);
  const store = await createdStore(t);
  for (let sizeBytes = 0; sizeBytes < pack.bytes.length; sizeBytes++) {
    const file = { id: hash('sha256', `${sizeBytes}`), sizeBytes };
    await plant(store, file.id, pack.bytes.subarray(0, sizeBytes));
    await assert.rejects(readPackHeader({ store, sealing }, file), isDamage(file.id));
  }
});

test('a pack that is missing is damage', async (t) => {
  const store = await createdStore(t);
  const file = { id: 'ab'.repeat(32), sizeBytes: 1000 };
  await assert.rejects(readPackHeader({ store, sealing }, file), isDamage(file.id));
});

test('a builder has no room for what its buffer cannot take with the header', () => {
  const builder = new PackBuilder('tree', sealing, Buffer.alloc(1000));
  assert.ok(builder.hasRoomFor(800));
  assert.ok(!builder.hasRoomFor(900));
  builder.add({ id: 'ab'.repeat(32), content: randomBytes(800) });
  assert.ok(!builder.hasRoomFor(100));
  assert.ok(builder.finish().bytes.length <= 1000);
});

async function createdStore(t: TestContext): Promise<Store> {
  const store = openLocalStore(await temporaryFolder(t));
  await store.create();
  return store;
}

/** Writes a file that no store would: its name is not its hash. */
async function plant(store: Store, id: string, bytes: Buffer): Promise<void> {
  await writeFile(join(store.location, 'data', id.slice(0, 2), id), bytes);
}

function isDamage(packId: string): (error: unknown) => boolean {
  return (error) => isFailure(error, 'RepositoryDamaged') && error.message.includes(packId.slice(0, 8));
}
