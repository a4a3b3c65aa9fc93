import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { checkRepository } from '../../repository/check/check.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import type { Repository } from '../../repository/repository.ts';
import { rawData, restoreSize } from '../../repository/stats.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { assertSameFiles, describeFiles } from '../../test/repository/describe-files.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { putBack, readAll } from '../damage/files.ts';
import { open, restore } from '../engine.ts';
import { type Stage, tricks } from '../hostile/tricks.ts';
import { HostileWriter } from '../hostile/writer.ts';
import { FirstInTurn } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const mebibyte = 1024 * 1024;
/** What one case may take beyond what the process had. */
const memoryCapMebibytes = 1024;

export const hostile: Row = {
  id: 'X17',
  title:
    'a repository of somebody hostile writes nothing outside of the target, and ends in a failure of ours',
  counts: { test: 15, soak: 3000 },
  run: async (run) => {
    const { folder } = await testRepository(run);
    const empty = await readAll(folder);
    const plays = Object.entries(tricks);
    for (const { number, random } of run.cases()) {
      const [name, play] = plays[number % plays.length] ?? [];
      if (name === undefined || play === undefined) return;
      const base = await mkdtemp(join(tmpdir(), 'resguardo-soak-'));
      const outside = join(base, 'outside');
      await mkdir(outside);
      await writeFile(join(outside, 'victim'), 'untouched');
      const fromMs = performance.now();
      await run.check(name, async () => {
        const writer = new HostileWriter(await open(folder), folder);
        const turn = Math.floor(number / plays.length);
        const ways = new FirstInTurn(random, turn);
        const snapshot = await play({ writer, random: ways, outside } satisfies Stage);
        await withNothingOutside(base, () => useAll(folder, { snapshot, target: join(base, 'target'), run }));
      });
      run.figure(`time (${name}), ms`, performance.now() - fromMs);
      await removeFolder(base);
      await putBack(folder, empty);
    }
  },
};

interface Use {
  readonly snapshot: string | undefined;
  readonly target: string;
  readonly run: RowRun;
}

/** Does what people do with a repository. Each ends well, or with a failure that says what is wrong. */
async function useAll(folder: string, { snapshot, target, run }: Use): Promise<void> {
  const { signal } = run;
  const before = process.memoryUsage.rss();
  const uses: Readonly<Record<string, (repository: Repository) => Promise<unknown>>> = {
    restore: async (repository) => {
      if (snapshot !== undefined) await restore(repository, { snapshot, target, signal });
    },
    check: (repository) => checkRepository(repository, { readDataPercent: 100, signal }),
    size: async (repository) =>
      restoreSize(repository, await Array.fromAsync(repository.snapshots()), signal),
    raw: async (repository) => rawData(repository, await Array.fromAsync(repository.snapshots()), signal),
    lock: async (repository) => (await repository.lock({ exclusive: false })).release(),
    rebuild: (repository) => rebuildIndex(repository, { signal }),
  };
  for (const [name, use] of Object.entries(uses)) {
    await open(folder)
      .then(use)
      .catch((error: unknown) => {
        if (!(error instanceof Failure) || isFailure(error, 'Internal'))
          throw new Error(`${name} ends with a fault of ours`, { cause: error });
      });
    assert.equal('polluted' in {}, false, `${name} changed the prototype of all objects`);
  }
  const grown = (process.memoryUsage.rss() - before) / mebibyte;
  run.figure('memory that one case took, MiB', grown);
  assert.ok(grown < memoryCapMebibytes, `it took ${grown} MiB`);
}

/** Asserts that nothing changes in a folder but its `target`; the system itself is asked to tell of changes. */
async function withNothingOutside(base: string, work: () => Promise<void>): Promise<void> {
  const outside = join(base, 'outside');
  const before = describeFiles(outside);
  const seen: string[] = [];
  const watchers = [
    watch(base, (_event, name) => name !== 'target' && seen.push(`${name}`)),
    watch(outside, (_event, name) => seen.push(`outside/${name}`)),
  ];
  try {
    await work();
    await nextTurn();
  } finally {
    for (const watcher of watchers) watcher.close();
  }
  assert.deepEqual(seen, []);
  assertSameFiles(describeFiles(outside), before);
}
