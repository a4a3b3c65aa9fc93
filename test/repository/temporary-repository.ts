import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { type InitOptions, Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';

export const testPassword = new Secret('test');
/** So that a key costs nothing to derive. */
const cheapKey = { N: 16, r: 1, p: 1 };

export interface TemporaryRepository {
  readonly repository: Repository;
  /** Folder that holds the repository. */
  readonly path: string;
}

/** A folder that goes with the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A new local repository that goes with the test. */
export async function temporaryRepository(
  t: TestContext,
  options: InitOptions = {},
): Promise<TemporaryRepository> {
  const folder = path.join(await temporaryFolder(t), 'repository');
  const repository = await Repository.init(openLocalStore(folder), testPassword, {
    scryptCost: cheapKey,
    ...options,
  });
  return { repository, path: folder };
}

/** Opens a repository again, with its index. */
export async function reopen(folder: string): Promise<Repository> {
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  await repository.loadIndex();
  return repository;
}
