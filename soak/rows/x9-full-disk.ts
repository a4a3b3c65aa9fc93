import assert from 'node:assert/strict';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FailureType, isFailure } from '../../contracts/failures.ts';
import { withLock } from '../../repository/lock/with-lock.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import { Repository } from '../../repository/repository.ts';
import { changeTags } from '../../repository/tag.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { pruneAll } from '../../test/repository/prune/prune-all.ts';
import { cheapScrypt, testPassword } from '../../test/repository/test-repository.ts';
import { mountSmallDisk, type SmallDisk } from '../../test/stores/small-disk.ts';
import { assertRestores } from '../damage/judge.ts';
import { damagesOf, fileHashes, open, restore } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const mebibyte = 1024 * 1024;
const packSizeBytes = 256 * 1024;
const notHere = 'only root can mount a small disk';

interface Bench {
  readonly disk: SmallDisk;
  readonly folder: string;
  readonly source: string;
  readonly snapshots: { id: string; files: ReadonlyMap<string, string> }[];
  readonly random: Random;
  readonly signal: AbortSignal;
}

export const fullDisk: Row = {
  id: 'X9',
  title: 'a disk that is full or read-only is named as that, loses nothing, and takes the same work later',
  counts: { test: 8, soak: 200 },
  run: async (run) => {
    const works = Object.entries(repositoryWorks);
    for (const { number, random } of run.cases()) {
      await using disk = await mountSmallDisk(run, 20);
      if (!disk) {
        run.skip('a full disk', notHere);
        return;
      }
      const [name, work] = works[number % works.length] ?? [];
      if (!name || !work) return;
      const bench = await makeBench({ disk, random, signal: run.signal });
      const isReadOnly = random.below(4) === 0;
      const kind = `${name} ${isReadOnly ? 'on a read-only' : 'on a full'} disk`;
      await run.check(kind, () => (isReadOnly ? onReadOnly(bench, work) : onFull(bench, work, run)));
      await rm(bench.source, { recursive: true });
    }
  },
};

export const fullTarget: Row = {
  id: 'X9-target',
  title: 'a restore whose target is full says so, and leaves no file that is half written',
  counts: { test: 1, soak: 20 },
  run: async (run) => {
    for (const { random } of run.cases()) {
      await using disk = await mountSmallDisk(run, 20);
      await using target = await mountSmallDisk(run, 1 + random.below(3));
      if (!disk || !target) {
        run.skip('a full target', notHere);
        return;
      }
      await run.check('restore', async () => {
        const { folder, source, snapshots, signal } = await makeBench({ disk, random, signal: run.signal });
        await rm(source, { recursive: true });
        const [snapshot] = snapshots;
        const into = join(target.folder, 'restored');
        const repository = await open(folder);
        await repository.loadIndex();
        const restoring = restore(repository, { snapshot: snapshot?.id ?? '', target: into, signal });
        await assert.rejects(restoring, (error) => isFailure(error, 'StorageFull'));
        for (const [path, hash] of await fileHashes(into))
          assert.equal(hash, snapshot?.files.get(path), path);
      });
    }
  },
};

type Work = (bench: Bench) => Promise<void>;

const repositoryWorks: Readonly<Record<string, Work>> = {
  backup: async ({ folder, source }) => {
    await backUpFiles(await opened(folder), { paths: [source] });
  },
  prune: async ({ folder }) => {
    await pruneAll(await opened(folder), { packSizeBytes });
  },
  'rebuild-index': async ({ folder, signal }) => {
    await rebuildIndex(await opened(folder), { signal });
  },
  'key add': async ({ folder, random }) => {
    await (await opened(folder)).addKey(new Secret(`other ${random.below(1e9)}`), { cost: cheapScrypt });
  },
  tag: async ({ folder, signal, random }) => {
    const repository = await opened(folder);
    await withLock(repository, { exclusive: true, signal }, async () => {
      for (const snapshot of await Array.fromAsync(repository.snapshots()))
        await changeTags(repository, snapshot, { change: { add: [`t${random.below(1e9)}`] }, signal });
    });
  },
};

/** A repository with a snapshot of 4 MB, 2 MB that no snapshot needs, and a folder with 6 MB that are new. */
async function makeBench(parts: Pick<Bench, 'disk' | 'random' | 'signal'>): Promise<Bench> {
  const { disk, random } = parts;
  const folder = join(disk.folder, 'repository');
  const source = `${disk.folder}-source`;
  await rm(source, { recursive: true, force: true });
  await mkdir(source);
  const options = { packSizeBytes, scryptCost: cheapScrypt };
  const repository = await Repository.init(openLocalStore(folder), testPassword, options);
  for (let file = 0; file < 12; file += 1) await writeFile(join(source, `${file}`), random.bytes(333_000));
  const forgotten = await backUpFiles(repository, { paths: [source] });
  for (let file = 0; file < 6; file += 1) await writeFile(join(source, `${file}`), random.bytes(333_000));
  const { snapshot } = await backUpFiles(await opened(folder), { paths: [source] });
  await repository.store.remove({ type: 'snapshot', name: forgotten.snapshot });
  const files = new Map([...(await fileHashes(source))].map(([path, hash]) => [source + path, hash]));
  for (let file = 0; file < 18; file += 1) await writeFile(join(source, `n${file}`), random.bytes(333_000));
  return { ...parts, folder, source, snapshots: [{ id: snapshot, files }] };
}

async function onFull(bench: Bench, work: Work, run: RowRun): Promise<void> {
  const { disk, random } = bench;
  const filler = join(disk.folder, 'filler');
  const { bavail, bsize } = await statfs(disk.folder);
  const spared = random.pick([0, 4096, random.below(mebibyte), random.below(4 * mebibyte)]);
  await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - spared))).catch(() => {});
  if (!(await failsAs(work(bench), 'StorageFull'))) run.figure('had space enough, 1 = yes', 1);
  await assertWhole(bench);
  await rm(filler);
  await goOn(bench, work);
}

async function onReadOnly(bench: Bench, work: Work): Promise<void> {
  await bench.disk.setWritable(false);
  assert.ok(await failsAs(work(bench), 'RepositoryUnwritable'), 'it went well on a read-only disk');
  await assertWhole(bench);
  await bench.disk.setWritable(true);
  await goOn(bench, work);
}

async function goOn(bench: Bench, work: Work): Promise<void> {
  await work(bench);
  await assertWhole(bench);
}

async function failsAs(work: Promise<void>, type: FailureType): Promise<boolean> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error !== undefined && !isFailure(error, type)) throw error;
  return error !== undefined;
}

/** Old snapshots are readable, by the ids that a changed tag may have given them. */
async function assertWhole({ folder, snapshots, signal }: Bench): Promise<void> {
  assert.deepEqual(await damagesOf(folder, signal), []);
  const repository = await open(folder);
  const present = await Array.fromAsync(repository.snapshots());
  const found = snapshots.map(({ id, files }) => {
    const snapshot = present.find((candidate) => candidate.id === id || candidate.original === id);
    assert.ok(snapshot, `the snapshot ${id} is gone`);
    return { id: snapshot.id, files };
  });
  await assertRestores({ folder, snapshots: found }, new Set(), { signal });
}

async function opened(folder: string): Promise<Repository> {
  return await Repository.open(openLocalStore(folder), testPassword, { packSizeBytes });
}
