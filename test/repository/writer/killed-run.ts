/**
 * A backup run in a process of its own: takes a lock, stores the content of a file in several packs with a
 * checkpoint after each, and commits a snapshot. Kills itself at a failpoint.
 *
 * Arguments: folder of the repository, file, name of the failpoint (or `none`), how often it is passed before.
 */
import { open } from 'node:fs/promises';
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { noSignal, snapshotOf, testPassword } from '../test-repository.ts';

const [folder = '', path = '', killAt = '', passes = '0'] = process.argv.slice(2);
let left = Number(passes);
const repository = await Repository.open(openLocalStore(folder), testPassword, {
  packSizeBytes: 1024 * 1024,
  failpoint: (name) => {
    if (name === killAt && left-- === 0) process.kill(process.pid, 'SIGKILL');
  },
});
const lock = await repository.lock({ exclusive: false });
const writer = await repository.openWriter({ adoptUnindexed: true });
await using file = await open(path);
const content: string[] = [];
for (let part = 0; part < 3; part++) {
  const bytes = Buffer.alloc(2 * 1024 * 1024);
  await file.read(bytes);
  const saved = await writer.saveStream(streamOf(bytes), { signal: noSignal });
  content.push(...saved.content);
  await writer.checkpoint();
}
const tree = await writer.saveBlob('tree', Buffer.from(JSON.stringify({ nodes: [], content })));
await writer.finish();
const snapshot = await repository.commitSnapshot(snapshotOf(tree.id));
await lock.release();
await repository.close();
process.stdout.write(JSON.stringify({ snapshot, content, adoptedPacks: writer.adoptedPacks }));

async function* streamOf(bytes: Buffer) {
  yield bytes;
}
