import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { smallDisk } from '../../stores/small-disk.ts';
import { cheapScrypt, noSignal, snapshotOf, streamOf, testPassword } from '../test-repository.ts';

const mebibyte = 1024 * 1024;

test('a disk that becomes full fails the run as that, loses nothing, and takes the next run', async (t) => {
  await using disk = await smallDisk(t, 24);
  if (!disk) return;
  const filler = join(disk.folder, 'filler');
  const store = openLocalStore(join(disk.folder, 'repository'));
  const options = { packSizeBytes: mebibyte, scryptCost: cheapScrypt };
  const repository = await Repository.init(store, testPassword, options);
  const kept = await repository.openWriter();
  const tree = await kept.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  await kept.finish();
  const snapshot = await repository.commitSnapshot(snapshotOf(tree.id));
  await writeFile(filler, Buffer.alloc(16 * mebibyte));

  const content = randomBytes(10 * mebibyte);
  const failing = await repository.openWriter();
  const saved = failing.saveStream(streamOf(content), { signal: noSignal }).then(() => failing.finish());
  await assert.rejects(saved, (error) => isFailure(error, 'StorageFull'));
  await failing.abort();
  const reader = await Repository.open(store, testPassword);
  await reader.loadIndex();
  assert.equal((await reader.findSnapshot('latest')).id, snapshot);
  assert.equal((await reader.loadBlob('tree', tree.id)).length, 13);

  await rm(filler);
  const writer = await reader.openWriter({ adoptUnindexed: true });
  assert.ok(writer.adoptedPacks > 0, 'what did fit is used');
  const again = await writer.saveStream(streamOf(content), { signal: noSignal });
  await writer.finish();
  assert.ok(again.addedBytes < content.length);
  const blobs = await Promise.all(again.content.map((id) => reader.loadBlob('data', id)));
  assert.ok(Buffer.concat(blobs).equals(content));
});
