import { randomBytes } from 'node:crypto';

/** The keys that all files of a repository are sealed with. Poly1305 clamps `macR` when it is used. */
export interface MasterKey {
  /** AES-256 key. */
  readonly encrypt: Buffer;
  /** AES-128 key that makes the Poly1305 nonce. */
  readonly macK: Buffer;
  /** Poly1305 key. */
  readonly macR: Buffer;
}

export function randomMasterKey(): MasterKey {
  return { encrypt: randomBytes(32), macK: randomBytes(16), macR: maskedR(randomBytes(16)) };
}

/** Divides 64 derived bytes: 32 for AES-256, 16 for the nonce cipher, 16 for Poly1305. */
export function masterKeyFromBytes(bytes: Buffer): MasterKey {
  return {
    encrypt: bytes.subarray(0, 32),
    macK: bytes.subarray(32, 48),
    macR: maskedR(bytes.subarray(48, 64)),
  };
}

/** JSON of a master key as key files hold it, encrypted. */
export function encodeMasterKey(key: MasterKey): Buffer {
  return Buffer.from(
    JSON.stringify({
      mac: { k: key.macK.toString('base64'), r: key.macR.toString('base64') },
      encrypt: key.encrypt.toString('base64'),
    }),
  );
}

/** Undefined when the JSON has not the form of a master key. */
export function decodeMasterKey(json: unknown): MasterKey | undefined {
  if (typeof json !== 'object' || json === null || !('mac' in json) || !('encrypt' in json)) return undefined;
  const { mac, encrypt } = json;
  if (typeof mac !== 'object' || mac === null || !('k' in mac) || !('r' in mac)) return undefined;
  const keys = [encrypt, mac.k, mac.r].map((text) => (typeof text === 'string' ? text : ''));
  const [encryptKey, macK, macR] = keys.map((text) => Buffer.from(text, 'base64'));
  if (encryptKey?.length !== 32 || macK?.length !== 16 || macR?.length !== 16) return undefined;
  return { encrypt: encryptKey, macK, macR: maskedR(macR) };
}

/** Clears the bits that Poly1305 wants clear (Bernstein, "The Poly1305-AES message-authentication code"). */
function maskedR(r: Buffer): Buffer {
  const masked = Buffer.from(r);
  for (const index of [3, 7, 11, 15]) masked[index] = (r[index] ?? 0) & 15;
  for (const index of [4, 8, 12]) masked[index] = (r[index] ?? 0) & 252;
  return masked;
}
