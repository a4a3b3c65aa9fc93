import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure } from '../../contracts/failures.ts';
import { checkRepository } from '../../repository/check/check.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { type AgedRepository, agedRepository } from '../../test/repository/prune/aged-repository.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testPassword, testRepository } from '../../test/repository/test-repository.ts';
import { putBack, readAll } from '../damage/files.ts';
import { assertNoOrphans, fileHashes, restore } from '../engine.ts';
import { type OperationName, operationNames, secondPassword } from '../operations/names.ts';
import { carryOut } from '../operations/start.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

/** Each step of an operation is met as often. */
const rounds = 3;
/** Numbers of cases that are set aside for an operation: the longest has 45 steps. */
const casesOfEach = rounds * 60;

/** A step is one of three of a write (before, amid, after) or one of two of a removal: 260 in all. */
export const kills: Row = {
  id: 'X2',
  title: 'an operation that is killed at any step leaves a valid repository, and the next one finishes it',
  counts: { test: 4, soak: operationNames.length * casesOfEach },
  run: async (run) => {
    const places = new Map<OperationName, Place>();
    const first = run.random.below(operationNames.length);
    // Fewer cases get chosen steps of chosen operations.
    const isInTurn = run.count >= kills.counts.soak;
    for (const { number, random } of run.cases()) {
      const turn = isInTurn ? Math.floor(number / casesOfEach) : first + number;
      const operation = operationNames[turn % operationNames.length] ?? 'backup';
      const place = places.get(operation) ?? (await makePlace(run, operation));
      places.set(operation, place);
      const { steps } = place;
      if (isInTurn && number % casesOfEach >= rounds * steps) continue;
      const step = isInTurn ? (number % casesOfEach) % steps : random.below(steps);
      await run.check(operation, () => killAndGoOn(place, step, run.signal));
      run.figure(`steps of ${operation}`, steps);
    }
  },
};

/** What nobody needs may stay in the repository, or be marked, and a check mentions it. */
const leavesNotes: ReadonlySet<OperationName> = new Set([
  ...(['forget', 'tag', 'passwd'] as const),
  ...(['prune-mark', 'prune-expired', 'prune-rescue'] as const),
]);

export interface Place {
  readonly operation: OperationName;
  readonly folder: string;
  /** What is backed up, or the repository that is copied from. */
  readonly source: string;
  /** The files of the repository before. */
  readonly before: ReadonlyMap<string, Buffer>;
  /** Hashes of the files that a snapshot must restore, by their last two path parts. */
  readonly contents: ReadonlyMap<string, string>;
  readonly steps: number;
}

/** A repository on which an operation has something to do, and what must come out of it. */
export async function makePlace(run: RowRun, operation: OperationName): Promise<Place> {
  const made = await makeRepository(run, operation);
  const before = await readAll(made.folder);
  const steps = await carryOut(operation, made, 'none');
  assert.ok(steps > 0);
  await putBack(made.folder, before);
  return { operation, ...made, before, steps };
}

/** A repository on which an operation has something to do. */
export async function makeRepository(run: RowRun, operation: OperationName) {
  if (operation === 'init') {
    return { folder: await temporaryFolder(run), source: '', contents: new Map<string, string>() };
  }
  const aged = await agedRepository(run);
  const contents = new Map<string, string>();
  for (const folder of aged.kept.values())
    for (const [path, hash] of await fileHashes(folder)) contents.set(folder + path, hash);
  const source = join(await temporaryFolder(run), 'source');
  if (operation === 'copy') {
    const target = await testRepository(run);
    return { folder: target.folder, source: aged.folder, contents };
  }
  await prepare(operation, aged);
  const [kept = ''] = aged.kept.values();
  const files = [...(await fileHashes(kept)).keys()];
  await addFiles(source, { like: kept, files });
  for (const [path, hash] of await fileHashes(source)) contents.set(source + path, hash);
  return { folder: aged.folder, source, contents };
}

/** Marks packs for the prunes that find marks; one of them finds a snapshot that needs what is marked. */
async function prepare(operation: OperationName, { folder, kept, store }: AgedRepository): Promise<void> {
  if (operation !== 'prune-expired' && operation !== 'prune-rescue') return;
  const [id = ''] = kept.keys();
  const snapshot = { type: 'snapshot', name: id } as const;
  const bytes = await store.load(snapshot);
  assert.ok(bytes);
  if (operation === 'prune-rescue') await store.remove(snapshot);
  await carryOut('prune-mark', { folder, source: '' }, 'none');
  if (operation === 'prune-rescue') await store.save(snapshot, [bytes]);
}

/** A folder that shares half of its content with one that is backed up already. */
async function addFiles(
  folder: string,
  { like, files }: { readonly like: string; readonly files: readonly string[] },
): Promise<void> {
  await mkdir(folder);
  for (const [index, file] of files.entries()) {
    const target = join(folder, `file ${index}`);
    if (index % 2 === 0) await cp(join(like, file), target);
    else await writeFile(target, randomBytes(20_000));
  }
}

async function killAndGoOn(place: Place, step: number, signal: AbortSignal): Promise<void> {
  await putBack(place.folder, place.before);
  await assert.rejects(carryOut(place.operation, place, step), { signal: 'SIGKILL' });
  await goOn(place, signal);
}

/** Asserts that what an operation left when it ended in the middle is valid, and that the next one finishes it. */
export async function goOn(place: Place, signal: AbortSignal): Promise<void> {
  const { operation, folder } = place;
  // Until the prune has taken its packs back, the snapshot that was put back has none.
  if (operation !== 'prune-rescue') await assertValid(place, signal);
  await carryOut(operation, place, 'none').catch((error: unknown) => {
    // What ended after its last step is done: a repository is there, and a password is changed.
    if (!/RepositoryExists|WrongKey/.test(String(error))) throw error;
  });
  const notes = await assertValid(place, signal);
  if (!leavesNotes.has(operation)) assert.deepEqual(notes, []);
  await assertNoOrphans(folder);
}

/** Asserts that the repository can be opened, that nothing is damaged, and that each snapshot restores. */
async function assertValid({ folder, contents }: Place, signal: AbortSignal): Promise<readonly string[]> {
  const repository = await openByEither(folder);
  if (!repository) return [];
  const { damages, notes } = await checkRepository(repository, { readDataPercent: 100, signal });
  assert.deepEqual(damages, []);
  for await (const { id } of repository.snapshots()) {
    const target = await mkdtemp(join(tmpdir(), 'resguardo-soak-'));
    try {
      await restore(repository, { snapshot: id, target, signal });
      const restored = await fileHashes(target);
      assert.ok(restored.size > 0);
      for (const [path, hash] of restored) assert.equal(hash, contents.get(path), path);
    } finally {
      await removeFolder(target);
    }
  }
  return notes;
}

/** Undefined when there is no repository yet. */
async function openByEither(folder: string): Promise<Repository | undefined> {
  const store = openLocalStore(folder);
  try {
    return await Repository.open(store, testPassword);
  } catch (error) {
    if (isFailure(error, 'RepositoryNotFound')) return undefined;
    if (!isFailure(error, 'WrongKey')) throw error;
    return await Repository.open(store, new Secret(secondPassword));
  }
}
