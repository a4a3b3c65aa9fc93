import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Store } from '../stores/store.ts';
import { closeOnFailure } from './close-on-failure.ts';
import { decodeConfig, type RepositoryConfig } from './config.ts';
import type { MasterKey } from './crypto/master-key.ts';
import { Sealing } from './crypto/sealing.ts';
import { findKey } from './keys/find-key.ts';
import type { OpenedKey } from './keys/keys.ts';
import { assertNotMoved } from './move/moved-note.ts';
import type { RepositoryOptions } from './options.ts';
import type { Repository } from './repository.ts';
import { damaged } from './sealed-files.ts';

/** What opens a repository. */
export interface Unlocked {
  readonly key: OpenedKey;
  readonly config: RepositoryConfig;
}

/**
 * Finds the master key and reads the config that it is sealed with. The store is closed when that fails.
 * @param whileDeriving called when the first key derivation has begun, which leaves this thread free
 * @throws {Failure} RepositoryNotFound, RepositoryMoved, WrongKey, RepositoryUnsupported, RepositoryDamaged
 */
export async function unlock(store: Store, password: Secret, options: UnlockOptions): Promise<Unlocked> {
  return await closeOnFailure(store, () => findMaster(store, password, options));
}

interface UnlockOptions {
  readonly keyHint?: string;
  readonly whileDeriving?: () => void;
}

async function findMaster(
  store: Store,
  password: Secret,
  { keyHint: hint, whileDeriving }: UnlockOptions,
): Promise<Unlocked> {
  const sealedConfig = await store.load({ type: 'config', name: '' });
  if (!sealedConfig) throw await notFound(store);
  let config: Buffer | undefined;
  const isMaster = (master: MasterKey): boolean => {
    config = new Sealing(master).open(sealedConfig);
    return config !== undefined;
  };
  const otherMaster = damaged('config', '', 'its authentication code is wrong');
  const key = await findKey(store, { password, isMaster, otherMaster, hint, whileDeriving });
  if (!config) throw otherMaster;
  return { key, config: decodeConfig(config) };
}

/** How a program opens a repository with which it starts. */
export interface StartOptions extends RepositoryOptions {
  /** Loads what the work with the repository needs. */
  readonly engine?: (() => Promise<unknown>) | undefined;
}

/**
 * Opens a repository as `Repository.open` does, for programs that start with it: the rest of the engine is loaded
 * while the thread pool derives the key.
 * @throws {Failure} RepositoryNotFound, RepositoryMoved, WrongKey, RepositoryUnsupported, RepositoryDamaged
 */
export async function openRepository(
  store: Store,
  password: Secret,
  { engine, ...options }: StartOptions,
): Promise<Repository> {
  const load = () => import('./repository.ts');
  // An error comes again where what was loaded is used.
  const whileDeriving = (): void => void Promise.allSettled([load(), engine?.()]);
  const unlocked = await unlock(store, password, { ...options, whileDeriving });
  const { Repository } = await load();
  return Repository.opened(store, unlocked, options);
}

async function notFound(store: Store): Promise<Failure> {
  await assertNotMoved(store);
  return new Failure('RepositoryNotFound', `There is no repository at ${store.location}.`);
}
