import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packMatchesName } from '../../../repository/pack/pack-reader.ts';
import type { Repository } from '../../../repository/repository.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { testRepository } from '../test-repository.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('killed-run.ts', import.meta.url));

const kills = [
  ['before lock put', 0],
  ['after lock put', 0],
  ['before pack put', 0],
  ['after pack put', 0],
  ['after pack put', 3],
  ['before index put', 0],
  ['after index put', 0],
  ['before index put', 2],
  ['before snapshot put', 0],
  ['after snapshot put', 0],
] as const;

for (const [failpoint, passes] of kills) {
  test(`a run killed ${failpoint}, at pass ${passes}, is finished by the next without storing anything twice`, async (t) => {
    const { folder, store, reopen } = await testRepository(t);
    const path = join(await temporaryFolder(t), 'content');
    const content = randomBytes(6 * 1024 * 1024);
    await writeFile(path, content);

    const killed = run(process.execPath, [program, folder, path, failpoint, String(passes)]);
    await assert.rejects(killed, { signal: 'SIGKILL' });
    await assertWhole(await reopen());
    const packsBefore = (await Array.fromAsync(store.list('data'))).length;

    const { stdout } = await run(process.execPath, [program, folder, path, 'none']);
    const result: { snapshot: string; content: string[]; adoptedPacks: number } = JSON.parse(stdout);
    const repository = await reopen();
    await assertWhole(repository);
    assert.deepEqual(await snapshotIds(repository), [result.snapshot]);
    assert.deepEqual(await readdir(join(folder, 'locks')), [], 'the lock of the killed run is gone too');
    const blobs = await Promise.all(result.content.map((id) => repository.loadBlob('data', id)));
    assert.ok(Buffer.concat(blobs).equals(content));
    assert.equal(repository.index.blobCount, new Set([...blobIds(repository)]).size, 'no blob twice');
    assert.equal(repository.index.packCount, (await Array.fromAsync(store.list('data'))).length);
    assert.ok(result.adoptedPacks <= packsBefore);
    if (failpoint === 'after pack put') assert.ok(result.adoptedPacks > 0, 'the stored pack was adopted');
  });
}

test('packs that are damaged or cut short are not adopted', async (t) => {
  const { repository, folder, reopen } = await testRepository(t);
  const kept = await repository.openWriter();
  const { id } = await kept.saveBlob('data', randomBytes(1000));
  await kept.finish();
  const [pack] = repository.index.packs();
  assert.ok(pack);
  const bytes = await repository.store.load({ type: 'data', name: pack });
  assert.ok(bytes);
  const planted = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
  const contents = [bytes, bytes.subarray(0, 500), Buffer.alloc(0)];
  for (const [index, name] of planted.entries()) {
    await writeFile(join(folder, 'data', name.slice(0, 2), name), contents[index] ?? '');
  }
  const again = await reopen();
  const writer = await again.openWriter({ adoptUnindexed: true });
  assert.equal(writer.adoptedPacks, 0);
  await writer.finish();
  assert.ok(again.hasBlob('data', id));
  assert.equal(again.index.packCount, 1);
});

/** Each indexed pack is stored and whole, and each snapshot's tree and content can be read. */
async function assertWhole(repository: Repository): Promise<void> {
  const sizes = new Map<string, number>();
  for await (const { name, sizeBytes } of repository.store.list('data')) sizes.set(name, sizeBytes);
  for (const id of repository.index.packs()) {
    assert.ok(await packMatchesName(repository.store, { id, sizeBytes: sizes.get(id) ?? 0 }));
  }
  for await (const { tree } of repository.snapshots()) {
    const { content } = JSON.parse((await repository.loadBlob('tree', tree)).toString());
    for (const id of content) await repository.loadBlob('data', id);
  }
}

async function snapshotIds(repository: Repository): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of repository.snapshots()) ids.push(id);
  return ids;
}

function* blobIds(repository: Repository): Generator<string> {
  for (const { type, id } of repository.index.blobs()) yield `${type} ${id}`;
}
