import { createHash, timingSafeEqual } from 'node:crypto';

/** A key that clients may use: its name for the audit log, and the SHA-256 digest of its text. */
export interface ApiKey {
  readonly name: string;
  readonly digest: Buffer;
}

export function apiKey(name: string, text: string): ApiKey {
  return { name, digest: digestOf(text) };
}

/**
 * The key that a client sent, if it is one of ours. Digests are compared, all of them and each in constant
 * time: how long it takes tells nothing of how much was right.
 */
export function findKey(keys: readonly ApiKey[], given: string): ApiKey | undefined {
  const digest = digestOf(given);
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
  return found;
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
