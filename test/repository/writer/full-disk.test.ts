import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import { Repository } from '../../../repository/repository.ts';
import { packBuffers } from '../../../repository/writer/repository-writer.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { changedStore } from '../../../stores/store.ts';
import { smallDisk } from '../../stores/small-disk.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
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

test('a store that fails while all memory of packs waits for it ends the backup with its reason', async (t) => {
  const source = await temporaryFolder(t);
  for (let file = 0; file < 8 * packBuffers; file += 1)
    await writeFile(join(source, `${file}`), randomBytes(mebibyte / 4));
  const full = new Failure('StorageFull', 'The disk is full.');
  const store = openLocalStore(join(await temporaryFolder(t), 'repository'));
  const waiting: ((failure: Failure) => void)[] = [];
  const stuck = changedStore(store, {
    save: (file, parts) => {
      if (file.type !== 'data') return store.save(file, parts);
      const saved = Promise.withResolvers<'stored'>();
      waiting.push(saved.reject);
      // The lane has asked for memory by the next turn.
      if (waiting.length === packBuffers) setImmediate(() => setImmediate(failAll));
      return saved.promise;
    },
  });
  const failAll = (): void => {
    for (const reject of waiting) reject(full);
  };
  const options = { packSizeBytes: mebibyte / 4, scryptCost: cheapScrypt };
  const repository = await Repository.init(stuck, testPassword, options);
  await assert.rejects(backUpFiles(repository, { paths: [source] }), full);
  await repository.close();
});
