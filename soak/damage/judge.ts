import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { damagesOf, fileHashes, open, restore } from '../engine.ts';
import type { DamageBench } from './bench.ts';
import type { ObjectType } from './objects.ts';

/** What was done to a repository, and what it may cost. */
export interface Damage {
  readonly type: ObjectType;
  /** Names that must be told; none when it is enough that something is. */
  readonly names: readonly string[];
  /** Restored paths of files that may be missing. Everything in a damaged snapshot may be. */
  readonly cost: ReadonlySet<string>;
}

/**
 * Asserts that damage is found and named, that no wrong byte is restored, and that every file which the damage
 * does not concern is.
 */
export async function assertDetected(
  bench: DamageBench,
  { type, names, cost }: Damage,
  signal: AbortSignal,
): Promise<void> {
  const told = await whatIsTold(bench, type, signal);
  const shown = JSON.stringify(told);
  assert.ok(told.length > 0, `nothing is told of damaged ${type}`);
  for (const name of names) {
    const wanted = type === 'config' ? '"config"' : name.slice(0, 8);
    assert.ok(
      told.some((sentence) => sentence.includes(wanted)),
      `${type} ${wanted} is not named in ${shown}`,
    );
  }
  if (type === 'index') {
    await assertRestores(bench, everything(bench), { signal });
    await rebuildIndex(await open(bench.folder), { signal });
  }
  const isNeeded = type === 'config' || type === 'keys';
  await assertRestores(bench, isNeeded ? everything(bench) : cost, { signal, names });
}

/** Asserts that something that was done to a repository is no damage at all. */
export async function assertHarmless(bench: DamageBench, signal: AbortSignal): Promise<void> {
  assert.deepEqual(await damagesOf(bench.folder, signal), []);
  await assertRestores(bench, new Set(), { signal });
}

function everything({ snapshots }: DamageBench): ReadonlySet<string> {
  return new Set(snapshots.flatMap(({ files }) => [...files.keys()]));
}

/** Everything that opening, checking and locking say of damage. */
async function whatIsTold(
  { folder }: DamageBench,
  type: ObjectType,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (type === 'config' || type === 'keys') return [(await damageOf(open(folder))).message];
  if (type !== 'locks') return await damagesOf(folder, signal);
  const repository = await open(folder);
  return [(await damageOf(repository.lock({ exclusive: false }))).message];
}

/** The damage that ends a piece of work. */
async function damageOf(work: Promise<unknown>): Promise<Failure> {
  const error = await errorOf(work);
  if (isFailure(error, 'RepositoryDamaged') || isFailure(error, 'RepositoryNotFound')) return error;
  throw error ?? new Error('It went well in spite of the damage.');
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

/** Asserts that each snapshot restores to what it was, but for the paths that may be missing. */
export async function assertRestores(
  { folder, snapshots }: Pick<DamageBench, 'folder' | 'snapshots'>,
  cost: ReadonlySet<string>,
  options: {
    readonly signal: AbortSignal;
    readonly names?: readonly string[];
    /** A repair has told what is missing; it leaves of a file what is left of it. */
    readonly isTold?: boolean;
  },
): Promise<void> {
  const { signal, names = [], isTold = false } = options;
  for (const { id, files } of snapshots) {
    const target = join(await mkdtemp(join(tmpdir(), 'resguardo-soak-')), 'restored');
    try {
      const error = await errorOf(restoreFrom(folder, { snapshot: id, target, signal }));
      if (error !== undefined && !(error instanceof Failure)) throw error;
      const restored = await fileHashes(target);
      for (const [path, hash] of restored) {
        if (!isTold || !cost.has(path)) assert.equal(hash, files.get(path), `${path} is wrong`);
      }
      const missing = [...files.keys()].filter((path) => !restored.has(path));
      const lost = missing.filter((path) => !cost.has(path) && !names.includes(id));
      assert.deepEqual(lost, [], `files are missing: ${error?.message}`);
      if (missing.length > 0 && !isTold) assert.ok(error, 'files are missing, and nobody was told');
    } finally {
      await removeFolder(join(target, '..'));
    }
  }
}

async function restoreFrom(folder: string, request: Parameters<typeof restore>[1]): Promise<void> {
  await restore(await open(folder), request);
}
