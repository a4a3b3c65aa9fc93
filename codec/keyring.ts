import { createHmac } from 'node:crypto';
import { Failure } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';

/** A key that encrypts what Temporal stores. */
export interface CodecKey {
  /** Tells keys apart, says nothing about them: 16 hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

export interface Keyring {
  /** Encrypts. */
  readonly current: CodecKey;
  /** Decrypt: the current one and those of earlier times, by id. */
  readonly byId: ReadonlyMap<string, CodecKey>;
}

const leastKeyBytes = 32;

/**
 * @param secrets - the current one first; base64 of at least 32 random bytes each
 * @throws {Failure} InvalidConfiguration
 */
export function createKeyring(secrets: readonly [Secret, ...Secret[]]): Keyring {
  const [first, ...others] = secrets;
  const current = deriveKey(first);
  return { current, byId: new Map([current, ...others.map(deriveKey)].map((key) => [key.id, key])) };
}

/** Encryption key and id are derived apart, so that the id, which everybody sees, tells nothing of the key. */
function deriveKey(secret: Secret): CodecKey {
  const text = secret.reveal().trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) || Buffer.from(text, 'base64').length < leastKeyBytes) {
    throw new Failure(
      'InvalidConfiguration',
      'temporal.encryption: the key is not base64 of at least 32 bytes',
      {
        advice: 'Make one: head -c 32 /dev/urandom | base64',
      },
    );
  }
  const derive = (purpose: string) =>
    createHmac('sha256', text).update(`resguardo temporal ${purpose} v1`).digest();
  return { id: derive('key id').subarray(0, 8).toString('hex'), key: derive('payload key') };
}
