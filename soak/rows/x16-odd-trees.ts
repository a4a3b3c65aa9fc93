import assert from 'node:assert/strict';
import { closeSync, linkSync, lstatSync, mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Warning } from '../../contracts/jobs.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { assertSameFiles, describeFiles } from '../../test/repository/describe-files.ts';
import { makeNastyTree } from '../../test/repository/nasty-tree.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { open, restore } from '../engine.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const mebibyte = 1024 * 1024;

export const oddTrees: Row = {
  id: 'X16',
  title: 'a tree that other programs stumble over comes back as it was, or what does not is told',
  counts: { test: 5, soak: 15 },
  run: async (run) => {
    const isLarge = run.count >= 10;
    const plays = Object.entries(trees);
    for (const { number } of run.cases()) {
      const [name, make] = plays[number % plays.length] ?? [];
      if (name === undefined || make === undefined) return;
      const base = await mkdtemp(join(tmpdir(), 'resguardo-soak-'));
      mkdirSync(join(base, 'source'));
      await run.check(name, () => make({ base, source: join(base, 'source'), isLarge, run }));
      await removeFolder(base);
    }
    run.figure('memory of the process at its peak, MiB', process.resourceUsage().maxRSS / 1024);
  },
};

interface Place {
  readonly base: string;
  readonly source: string;
  /** In the soak; `npm test` has no time for it. */
  readonly isLarge: boolean;
  readonly run: RowRun;
}

const trees: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'names, modes, times, links and attributes of all kinds': async (place) => {
    makeNastyTree(place.source);
    assert.deepEqual(await roundTrip(place), []);
    assertSame(place);
  },
  'very many files in one folder': async (place) => {
    const count = place.isLarge ? 100_000 : 1500;
    for (let file = 0; file < count; file += 1)
      writeFileSync(join(place.source, `file ${file}`), `${file % 1000}`);
    assert.deepEqual(await roundTrip(place), []);
    assertSame(place);
  },
  'many names of one file': async (place) => {
    writeFileSync(join(place.source, 'first'), 'content');
    for (let name = 0; name < (place.isLarge ? 10_000 : 300); name += 1)
      linkSync(join(place.source, 'first'), join(place.source, `name ${name}`));
    assert.deepEqual(await roundTrip(place), []);
    assertSame(place);
  },
  'a file of holes': async (place) => {
    const path = join(place.source, 'holes');
    writeFileSync(path, 'start');
    const size = (place.isLarge ? 4096 : 64) * mebibyte;
    truncateSync(path, size);
    assert.deepEqual(await roundTrip(place), []);
    const restored = lstatSync(join(place.base, 'target', path));
    assert.equal(restored.size, size);
    assert.ok(restored.blocks * 512 < 2 * mebibyte, `it takes ${restored.blocks} blocks`);
  },
  'folders that are deeper than any path': async (place) => {
    writeFileSync(join(place.source, 'beside'), 'content');
    makeDepth(place.source, 2300);
    const warnings = await roundTrip(place);
    assert.equal(warnings.length, 1, JSON.stringify(warnings.slice(0, 3)));
    assert.match(warnings[0]?.message ?? '', /longer than the system allows/);
    assert.ok(lstatSync(join(place.base, 'target', place.source, 'beside')).isFile());
    assert.ok(lstatSync(join(place.base, 'target', place.source, 'd/'.repeat(1900))).isDirectory());
  },
};

/** Folders in each other, made through the last one: their path is longer than the system takes. */
function makeDepth(folder: string, levels: number): void {
  let descriptor = openSync(folder, 'r');
  for (let level = 0; level < levels; level += 1) {
    const next = `/proc/self/fd/${descriptor}/d`;
    mkdirSync(next);
    const opened = openSync(next, 'r');
    closeSync(descriptor);
    descriptor = opened;
  }
  writeFileSync(`/proc/self/fd/${descriptor}/bottom`, 'x');
  closeSync(descriptor);
}

/** Backs up and restores; returns what the backup warned of. */
async function roundTrip({ base, source, run }: Place): Promise<readonly Warning[]> {
  const made = await testRepository(run);
  const { snapshot, warnings } = await backUpFiles(made.repository, { paths: [source] });
  const repository = await open(made.folder);
  await repository.loadIndex();
  await restore(repository, { snapshot, target: join(base, 'target'), signal: run.signal });
  return warnings;
}

function assertSame({ base, source }: Place): void {
  assertSameFiles(describeFiles(join(base, 'target', source)), describeFiles(source));
}
