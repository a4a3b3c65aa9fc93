/** The engine as the rows use it: short ways to what a person would do by command. */

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRepository } from '../repository/check/check.ts';
import { Repository, type RepositoryOptions } from '../repository/repository.ts';
import { restoreTree } from '../repository/restore/restorer.ts';
import { openLocalStore } from '../stores/local.ts';
import { testPassword } from '../test/repository/test-repository.ts';

/** Opens a repository as a new process would. */
export async function open(folder: string, options: RepositoryOptions = {}): Promise<Repository> {
  return await Repository.open(openLocalStore(folder), testPassword, options);
}

/** Damage that a check finds when it reads everything. */
export async function damagesOf(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const repository = await open(folder);
  const { damages } = await checkRepository(repository, { readDataPercent: 100, signal });
  return damages;
}

/** Restores a snapshot into a folder that need not exist, and is empty when it does. */
export async function restore(
  repository: Repository,
  { snapshot, target, signal }: { snapshot: string; target: string; signal: AbortSignal },
): Promise<void> {
  await repository.loadIndex(signal);
  const { tree } = await repository.findSnapshot(snapshot);
  await restoreTree({ reader: repository, tree, target, signal });
}

/** Hashes of the regular files below a folder, by their path in it. Empty when there is no such folder. */
export async function fileHashes(folder: string): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    hashes.set(path.slice(folder.length), hash('sha256', await readFile(path)));
  }
  return hashes;
}

/** Asserts that nobody's lock and, once it is swept, no file that was half written is left in a repository. */
export async function assertNoOrphans(folder: string): Promise<void> {
  await openLocalStore(folder).sweep(0);
  const left = (await readdir(folder, { recursive: true })).filter(
    (path) => path.startsWith('locks/') || path.includes('.tmp-'),
  );
  assert.deepEqual(left, [], 'locks or temporary files are left');
}
