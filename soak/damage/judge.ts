import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import { damagesOf, fileHashes, open, removeFolder, restore } from '../engine.ts';
import type { DamageBench } from './bench.ts';
import type { StoredObject } from './objects.ts';

/** What a damage may cost. */
export interface Cost {
  /** Restored paths of files that may be missing. */
  readonly files: ReadonlySet<string>;
}

export const nothing: Cost = { files: new Set() };

/**
 * Asserts that damage to a file of the repository is found and named, that no wrong byte is restored, and that
 * every file which the damage does not concern is.
 */
export async function assertDetected(
  bench: DamageBench,
  object: StoredObject,
  { cost, signal }: { readonly cost: Cost; readonly signal: AbortSignal },
): Promise<void> {
  const damages = await whatIsToldOf(bench, object, signal);
  const name = object.type === 'config' ? '"config"' : object.name.slice(0, 8);
  assert.ok(
    damages.some((damage) => damage.includes(name)),
    `${object.type} ${name} is not named in ${JSON.stringify(damages)}`,
  );
  if (object.type === 'index') {
    await assertRestores(bench, { cost: everything(bench), signal });
    await rebuildIndex(await open(bench.folder), { signal });
  }
  const isNeeded = object.type === 'config' || object.type === 'keys';
  await assertRestores(bench, { cost: isNeeded ? everything(bench) : cost, signal, damaged: object });
}

function everything({ snapshots }: DamageBench): Cost {
  return { files: new Set(snapshots.flatMap(({ files }) => [...files.keys()])) };
}

/** Everything that opening, checking and locking say of damage. */
async function whatIsToldOf(
  { folder }: DamageBench,
  { type }: StoredObject,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (type === 'config' || type === 'keys') return [(await damageOf(open(folder))).message];
  if (type !== 'locks') return await damagesOf(folder, signal);
  const repository = await open(folder);
  return [(await damageOf(repository.lock({ exclusive: false }))).message];
}

/** The damage that ends a piece of work. */
async function damageOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => new Error('It went well in spite of the damage.'),
    (reason: unknown) => reason,
  );
  if (isFailure(error, 'RepositoryDamaged') || isFailure(error, 'PathEscape')) return error;
  throw error;
}

/** Asserts that each snapshot restores to what it was, but for what the damage costs. */
export async function assertRestores(
  { folder, snapshots }: DamageBench,
  options: { readonly cost: Cost; readonly signal: AbortSignal; readonly damaged?: StoredObject },
): Promise<void> {
  const { cost, signal, damaged } = options;
  for (const { id, files } of snapshots) {
    const target = join(await mkdtemp(join(tmpdir(), 'resguardo-soak-')), 'restored');
    try {
      const error = await restore(folder, { snapshot: id, target, signal }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined && !(error instanceof Failure)) throw error;
      const restored = await fileHashes(target);
      for (const [path, hash] of restored) assert.equal(hash, files.get(path), `${path} is wrong`);
      const missing = [...files.keys()].filter((path) => !restored.has(path));
      const mayBeMissing = (path: string): boolean => cost.files.has(path) || damaged?.name === id;
      assert.deepEqual(
        missing.filter((path) => !mayBeMissing(path)),
        [],
        `files are missing: ${error?.message}`,
      );
      if (missing.length > 0) assert.ok(error !== undefined, 'files are missing, and nobody was told');
    } finally {
      await removeFolder(join(target, '..'));
    }
  }
}
