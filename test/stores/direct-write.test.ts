import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pageBuffer, pageBytes } from '../../posix/page-memory.ts';
import { writeDirectly } from '../../stores/direct-write.ts';
import { writeSynced } from '../../stores/local-file.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';

const mebibyte = 1024 * 1024;

function randomPages(bytes: number): Buffer {
  const buffer = pageBuffer(bytes);
  randomFillSync(buffer);
  return buffer;
}

/** A folder on a disk, and one in memory, whose file system may know no direct writes. */
async function folders(t: TestContext): Promise<readonly string[]> {
  const inMemory = await mkdtemp('/dev/shm/resguardo-test-');
  t.after(() => rm(inMemory, { recursive: true, force: true }));
  return [await temporaryFolder(t), inMemory];
}

test('a file that is written past the cache has every byte, whatever its length', async (t) => {
  const lengths = [mebibyte, mebibyte + 1, mebibyte + pageBytes, 5 * mebibyte - 1, 9 * mebibyte + 4097];
  for (const folder of await folders(t)) {
    for (const length of lengths) {
      const pages = randomPages(length + pageBytes);
      const first = pages.subarray(0, length);
      const parts = [first, Buffer.from('between'), pages.subarray(pageBytes, length)];
      const path = join(folder, `file-${length}`);
      await writeSynced(path, parts, undefined);
      assert.ok((await readFile(path)).equals(Buffer.concat(parts)), `${length} bytes in ${folder}`);
    }
  }
});

test('only whole pages are written past the cache, and nothing behind them', async (t) => {
  for (const folder of await folders(t)) {
    const path = join(folder, 'file');
    await writeFile(path, '');
    const pages = randomPages(3 * mebibyte);
    const written = await writeDirectly(path, pages.subarray(0, 2 * mebibyte + 100), undefined);
    assert.ok(written === 0 || written === 2 * mebibyte, `${written} bytes in ${folder}`);
    assert.ok((await readFile(path)).equals(pages.subarray(0, written)));
  }
});

test('what does not begin with a page goes through the cache', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  const pages = randomPages(3 * mebibyte);
  for (const bytes of [pages.subarray(1), Buffer.alloc(3 * mebibyte), pages.subarray(0, mebibyte - 1)]) {
    assert.equal(await writeDirectly(path, bytes, undefined), 0);
  }
});

test('a link in the place of the file is not followed', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'other'), 'kept');
  await symlink('other', join(folder, 'file'));
  await assert.rejects(writeDirectly(join(folder, 'file'), randomPages(mebibyte), undefined), {
    code: 'ELOOP',
  });
  assert.equal(await readFile(join(folder, 'other'), 'utf8'), 'kept');
});
