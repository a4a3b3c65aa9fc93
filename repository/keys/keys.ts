import { hash, randomBytes } from 'node:crypto';
import type { Secret } from '../../secrets/secret.ts';
import type { Store } from '../../stores/store.ts';
import { passwordCost, type ScryptCost, saltBytes } from '../crypto/key-derivation.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import type { Failpoint } from '../sealed-files.ts';
import { decodeKeyFile, encodeKeyFile, type KeyFile, type KeyOwner, sealMasterKey } from './key-file.ts';

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

/** Stores a key file that opens the master key by a password; returns its id. */
export async function addKey(store: Store, key: NewKey, signal?: AbortSignal): Promise<string> {
  const cost = key.cost ?? passwordCost;
  const salt = randomBytes(saltBytes);
  const data = await sealMasterKey(key.master, key.password, { salt, cost });
  const bytes = encodeKeyFile({ ...key.owner, created: new Date().toISOString(), cost, salt, data });
  const id = hash('sha256', bytes);
  await key.failpoint?.('before key put');
  await store.save({ type: 'key', name: id }, [bytes], signal);
  await key.failpoint?.('after key put');
  return id;
}

/** All key files; damaged ones throw. */
export async function* listKeys(store: Store, signal?: AbortSignal): AsyncGenerator<KeyFile> {
  for await (const { name } of store.list('key', signal)) {
    const file = await loadKeyFile(store, name, signal);
    if (file) yield file;
  }
}

/** Undefined when it has gone since it was listed. */
export async function loadKeyFile(
  store: Store,
  id: string,
  signal?: AbortSignal,
): Promise<KeyFile | undefined> {
  const bytes = await store.load({ type: 'key', name: id }, undefined, signal);
  return bytes && decodeKeyFile(id, bytes);
}
