import { hash } from 'node:crypto';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Secret } from '../../secrets/secret.ts';
import { deriveKey, type ScryptCost, saltBytes } from '../crypto/key-derivation.ts';
import { decodeMasterKey, encodeMasterKey, type MasterKey } from '../crypto/master-key.ts';
import { Sealing } from '../crypto/sealing.ts';
import { asCount, asString, parseJsonObject } from '../json.ts';
import { damaged } from '../sealed-files.ts';

/** What a key file says in clear text. */
export interface KeyFile {
  /** SHA-256 of the file. */
  readonly id: string;
  readonly hostname: string;
  readonly username: string;
  /** RFC 3339, with a time zone. */
  readonly created: string;
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  /** Master key, sealed by the key that the password gives. */
  readonly data: Buffer;
}

/** Person and machine that a new key file names. */
export interface KeyOwner {
  readonly hostname: string;
  readonly username: string;
}

/** JSON of a key file for a master key (restic's design document, "Keys, Encryption and MAC"). */
export function encodeKeyFile(file: Omit<KeyFile, 'id'>): Buffer {
  return Buffer.from(
    JSON.stringify({
      created: file.created,
      username: file.username,
      hostname: file.hostname,
      kdf: 'scrypt',
      N: file.cost.N,
      r: file.cost.r,
      p: file.cost.p,
      salt: file.salt.toString('base64'),
      data: file.data.toString('base64'),
    }),
  );
}

/** @throws {Failure} RepositoryDamaged when the name or the form is wrong, RepositoryUnsupported for another KDF */
export function decodeKeyFile(id: string, bytes: Buffer): KeyFile {
  if (hash('sha256', bytes) !== id) throw damaged('key', id, 'its content does not match its name');
  const json = parseJsonObject(bytes);
  const [N, r, p] = ['N', 'r', 'p'].map((name) => asCount(json?.[name]));
  const salt = Buffer.from(asString(json?.salt) ?? '', 'base64');
  const data = Buffer.from(asString(json?.data) ?? '', 'base64');
  const kdf = asString(json?.kdf);
  if (kdf !== undefined && kdf !== 'scrypt') {
    throw new Failure(
      'RepositoryUnsupported',
      `The key file ${id.slice(0, 8)} uses another key derivation than scrypt.`,
    );
  }
  if (kdf === undefined || !N || !r || !p || salt.length !== saltBytes || data.length === 0) {
    throw damaged('key', id, 'it is no key file');
  }
  return {
    id,
    hostname: asString(json?.hostname) ?? '',
    username: asString(json?.username) ?? '',
    created: asString(json?.created) ?? '',
    cost: { N, r, p },
    salt,
    data,
  };
}

/** Undefined when the password is not the one of this key file. */
export async function openKeyFile(file: KeyFile, password: Secret): Promise<MasterKey | undefined> {
  const userKey = await deriveKey(password, file.salt, file.cost);
  const plain = new Sealing(userKey).open(file.data);
  if (!plain) return undefined;
  const master = decodeMasterKey(parseJsonObject(plain));
  if (!master) throw damaged('key', file.id, 'it holds no master key');
  return master;
}

/** Seals a master key by a password. */
export async function sealMasterKey(
  master: MasterKey,
  password: Secret,
  { salt, cost }: { readonly salt: Buffer; readonly cost: ScryptCost },
): Promise<Buffer> {
  return new Sealing(await deriveKey(password, salt, cost)).seal(encodeMasterKey(master));
}

/** Whether another key file may still open the repository after this error. */
export function concernsOneKeyFile(error: unknown): boolean {
  return ['RepositoryDamaged', 'RepositoryUnsupported', 'WrongKey'].some(
    (type) => isFailure(error) && error.type === type,
  );
}
