import { hash, randomBytes } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Store } from '../../stores/store.ts';
import { defaultScryptCost, type ScryptCost, saltBytes } from '../crypto/key-derivation.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import type { Failpoint } from '../sealed-files.ts';
import {
  concernsOneKeyFile,
  decodeKeyFile,
  encodeKeyFile,
  type KeyFile,
  type KeyOwner,
  openKeyFile,
  sealMasterKey,
} from './key-file.ts';

/** Key files that are tried at most; each costs a key derivation. restic's number. */
const maxKeysTried = 20;

export interface OpenedKey {
  /** The key file that the password opens. */
  readonly id: string;
  readonly master: MasterKey;
}

export interface NewKey {
  readonly master: MasterKey;
  readonly password: Secret;
  readonly owner: KeyOwner;
  readonly cost?: ScryptCost | undefined;
  readonly failpoint?: Failpoint | undefined;
}

export interface KeySearch {
  readonly password: Secret;
  /** Whether this is the master key of the repository. */
  readonly isMaster: (master: MasterKey) => boolean;
  /** Thrown when the password opens key files, but none with that master key. */
  readonly otherMaster: Failure;
  /** First digits of the key file that is tried first. */
  readonly hint?: string | undefined;
}

/** Stores a key file that opens the master key by a password; returns its id. */
export async function addKey(store: Store, key: NewKey, signal?: AbortSignal): Promise<string> {
  const cost = key.cost ?? defaultScryptCost;
  const salt = randomBytes(saltBytes);
  const data = await sealMasterKey(key.master, key.password, { salt, cost });
  const bytes = encodeKeyFile({ ...key.owner, created: new Date().toISOString(), cost, salt, data });
  const id = hash('sha256', bytes);
  await key.failpoint?.('before key put');
  await store.save({ type: 'key', name: id }, [bytes], signal);
  await key.failpoint?.('after key put');
  return id;
}

/**
 * Finds the key file that the password opens and whose master key is that of the repository: one that a
 * failed `init` left has another.
 * @throws {Failure} WrongKey; RepositoryDamaged or RepositoryUnsupported when none is opened and one of them is so
 */
export async function findKey(store: Store, search: KeySearch, signal?: AbortSignal): Promise<OpenedKey> {
  let tried = 0;
  let unusable: unknown;
  for (const name of await namesToTry(store, search.hint, signal)) {
    if (++tried > maxKeysTried) break;
    try {
      const file = await loadKeyFile(store, name, signal);
      const master = file && (await openKeyFile(file, search.password));
      if (!master) continue;
      if (search.isMaster(master)) return { id: name, master };
      unusable ??= search.otherMaster;
    } catch (error) {
      if (!concernsOneKeyFile(error)) throw error;
      unusable ??= error;
    }
  }
  if (unusable !== undefined) throw unusable;
  if (tried === 0) throw new Failure('RepositoryDamaged', `There is no key file at ${store.location}.`);
  throw new Failure('WrongKey', `The password opens none of the key files at ${store.location}.`);
}

async function namesToTry(store: Store, hint: string | undefined, signal: AbortSignal | undefined) {
  const names = (await Array.fromAsync(store.list('key', signal))).map(({ name }) => name);
  if (hint === undefined) return names;
  return [
    ...names.filter((name) => name.startsWith(hint)),
    ...names.filter((name) => !name.startsWith(hint)),
  ];
}

/** All key files; damaged ones throw. */
export async function* listKeys(store: Store, signal?: AbortSignal): AsyncGenerator<KeyFile> {
  for await (const { name } of store.list('key', signal)) {
    const file = await loadKeyFile(store, name, signal);
    if (file) yield file;
  }
}

async function loadKeyFile(store: Store, id: string, signal?: AbortSignal): Promise<KeyFile | undefined> {
  const bytes = await store.load({ type: 'key', name: id }, undefined, signal);
  return bytes && decodeKeyFile(id, bytes);
}
