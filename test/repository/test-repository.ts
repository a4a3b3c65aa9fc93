import { join } from 'node:path';
import { type InitOptions, Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import type { Store } from '../../stores/store.ts';
import { type TestScope, temporaryFolder } from './temporary-folder.ts';

export const testPassword = new Secret('correct horse');

/** A key derivation that costs nothing. */
export const cheapScrypt = { N: 16, r: 1, p: 1 };

/** Polynomial that tests use, so that the same content becomes the same blobs. */
export const testPolynomial = 0x3da3358b4dc173n;

export interface TestRepository {
  readonly repository: Repository;
  readonly store: Store;
  readonly folder: string;
  /** Opens it again, as another process would, with its index. */
  reopen(): Promise<Repository>;
}

/** A new repository in a folder that is removed when the test has ended. */
export async function testRepository(t: TestScope, options: InitOptions = {}): Promise<TestRepository> {
  const folder = join(await temporaryFolder(t), 'repository');
  const store = openLocalStore(folder);
  const repository = await Repository.init(store, testPassword, {
    scryptCost: cheapScrypt,
    chunkerPolynomial: testPolynomial,
    ...options,
  });
  t.after(() => repository.close());
  const reopen = async (): Promise<Repository> => {
    const opened = await Repository.open(openLocalStore(folder), testPassword, options);
    await opened.loadIndex();
    t.after(() => opened.close());
    return opened;
  };
  return { repository, store, folder, reopen };
}

/** A snapshot of a tree, for tests that do not care for the rest. */
export function snapshotOf(tree: string, change: Partial<Snapshot> = {}): Omit<Snapshot, 'id'> {
  return {
    time: '2026-11-21T10:00:00.123456789Z',
    tree,
    paths: ['/srv'],
    hostname: 'host',
    username: 'user',
    tags: ['source:files'],
    programVersion: 'resguardo test',
    ...change,
  };
}

/** A stream of the pieces. */
export async function* streamOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

export const noSignal = new AbortController().signal;
