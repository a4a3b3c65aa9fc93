import assert from 'node:assert/strict';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRepository } from '../../repository/check/check.ts';
import { Repository } from '../../repository/repository.ts';
import { cachedStore } from '../../stores/cache.ts';
import { openLocalStore } from '../../stores/local.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testPassword } from '../../test/repository/test-repository.ts';
import { mountSmallDisk } from '../../test/stores/small-disk.ts';
import { damageBench } from '../damage/bench.ts';
import { putBack, readAll } from '../damage/files.ts';
import { fileHashes, restore } from '../engine.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

/** The cache has a disk of its own; the repository has room. */
export const fullCache: Row = {
  id: 'X9-cache',
  title: 'a cache on a full or read-only disk stops nothing, and is of use again when there is space',
  counts: { test: 2, soak: 40 },
  run: async (run) => {
    const bench = await damageBench(run);
    const whole = await readAll(bench.folder);
    for (const { number, random } of run.cases()) {
      await using disk = await mountSmallDisk(run, 1);
      if (!disk) {
        run.skip('a full cache', 'only root can mount a small disk');
        return;
      }
      const isReadOnly = number % 2 === 1;
      await run.check(isReadOnly ? 'read-only' : 'full', async () => {
        const { bavail, bsize } = await statfs(disk.folder);
        const filler = join(disk.folder, 'filler');
        const spared = isReadOnly ? bavail * bsize : random.pick([0, 4096, random.below(50_000)]);
        await writeFile(filler, Buffer.alloc(bavail * bsize - spared));
        if (isReadOnly) await disk.setWritable(false);
        const place = { folder: bench.folder, cache: disk.folder, source: bench.source, run };
        await useAll(place);
        if (isReadOnly) assert.deepEqual(await cachedFiles(disk.folder), [], 'nothing was kept');
        if (isReadOnly) await disk.setWritable(true);
        await rm(filler);
        await useAll(place);
        assert.notDeepEqual(await cachedFiles(disk.folder), [], 'the cache is not used');
        const left = (await readdir(disk.folder, { recursive: true })).filter((name) =>
          name.includes('.tmp-'),
        );
        assert.deepEqual(left, []);
      });
      await putBack(bench.folder, whole);
    }
  },
};

interface Place {
  readonly folder: string;
  readonly cache: string;
  readonly source: string;
  readonly run: RowRun;
}

/** Backs up, checks and restores through the cache. */
async function useAll({ folder, cache, source, run }: Place): Promise<void> {
  const opened = async (): Promise<Repository> =>
    await Repository.open(openLocalStore(folder), testPassword, {
      cache: (store, facts) => cachedStore(store, facts, { folder: cache }),
    });
  const { signal } = run;
  const writing = await opened();
  const { snapshot } = await backUpFiles(writing, { paths: [source] });
  await writing.close();
  const repository = await opened();
  const target = join(await temporaryFolder(run), 'restored');
  try {
    const { damages } = await checkRepository(repository, { readDataPercent: 0, signal });
    assert.deepEqual(damages, []);
    await restore(repository, { snapshot, target, signal });
    assert.deepEqual(await fileHashes(join(target, source)), await fileHashes(source));
  } finally {
    await repository.close();
    await removeFolder(target);
  }
}

async function cachedFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /[0-9a-f]{64}$/.test(name));
}
