import type { Cipheriv, KeyObject } from 'node:crypto';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomFillSync,
} from 'node:crypto';
import sodium from 'sodium-native';
import { freeMemory } from '../free-memory.ts';
import type { MasterKey } from './master-key.ts';

const ivBytes = 16;
const macBytes = 16;

/** Bytes that sealing adds: IV before, MAC after the ciphertext. */
export const sealOverheadBytes = ivBytes + macBytes;

/** Plaintext per cipher call: few calls, and results that stay in the processor's cache. */
const sliceBytes = 64 * 1024;

const ivPoolBytes = 1024 * ivBytes;

/**
 * Encrypts and authenticates as restic does (its design document, "Keys, Encryption and MAC"):
 * AES-256-CTR, then Poly1305-AES over the ciphertext, stored as `IV || ciphertext || MAC`. The IV is the nonce
 * of both. One instance for each thread; the methods do not wait, so they cannot overlap.
 */
export class Sealing {
  readonly #encryptionKey: KeyObject;
  readonly #nonceCipher: Cipheriv;
  readonly #commitKey: KeyObject;
  /** `r || AES-128(k, nonce)`, rewritten for each message. */
  readonly #oneTimeKey = Buffer.alloc(32);
  readonly #ivPool = Buffer.alloc(ivPoolBytes);
  #ivPosition = ivPoolBytes;

  constructor(key: MasterKey) {
    this.#encryptionKey = createSecretKey(key.encrypt);
    // ECB encrypts each block alone, so one cipher serves for all nonces.
    this.#nonceCipher = createCipheriv('aes-128-ecb', createSecretKey(key.macK), null).setAutoPadding(false);
    key.macR.copy(this.#oneTimeKey, 0);
    const macKey = Buffer.concat([key.macK, key.macR]);
    this.#commitKey = createSecretKey(
      Buffer.from(hkdfSync('sha256', macKey, Buffer.alloc(0), 'resguardo snapshot nonce', 32)),
    );
  }

  /** Seals under a random IV into `target` at `offset`; returns the bytes written. */
  sealInto(plaintext: Uint8Array, target: Buffer, offset: number): number {
    const iv = target.subarray(offset, offset + ivBytes);
    this.#takeIv(iv);
    return this.#sealWith(iv, plaintext, target, offset);
  }

  /** Seals under a random IV. */
  seal(plaintext: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafeSlow(plaintext.length + sealOverheadBytes);
    this.sealInto(plaintext, sealed, 0);
    return sealed;
  }

  /**
   * Seals so that equal plaintexts give equal bytes: the IV is a keyed hash of the plaintext. Only for files
   * of which equal ones are to be one file.
   */
  sealSame(plaintext: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafeSlow(plaintext.length + sealOverheadBytes);
    createHmac('sha256', this.#commitKey).update(plaintext).digest().copy(sealed, 0, 0, ivBytes);
    this.#sealWith(sealed.subarray(0, ivBytes), plaintext, sealed, 0);
    return sealed;
  }

  /** Returns the plaintext, or undefined when the bytes are not what the key sealed. */
  open(sealed: Uint8Array): Buffer | undefined {
    const ciphertext = this.#verified(sealed);
    const iv = sealed.subarray(0, ivBytes);
    return ciphertext && createDecipheriv('aes-256-ctr', this.#encryptionKey, iv).update(ciphertext);
  }

  /** Opens into `target` from its start; returns the bytes there, or undefined when the key did not seal this. */
  openInto(sealed: Uint8Array, target: Uint8Array): number | undefined {
    const ciphertext = this.#verified(sealed);
    if (!ciphertext) return undefined;
    const decipher = createDecipheriv('aes-256-ctr', this.#encryptionKey, sealed.subarray(0, ivBytes));
    for (let done = 0; done < ciphertext.length; done += sliceBytes) {
      const slice = decipher.update(ciphertext.subarray(done, done + sliceBytes));
      target.set(slice, done);
      freeMemory(slice);
    }
    return ciphertext.length;
  }

  /** The ciphertext, if the key sealed it. */
  #verified(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < sealOverheadBytes) return undefined;
    const ciphertext = sealed.subarray(ivBytes, sealed.length - macBytes);
    const mac = sealed.subarray(sealed.length - macBytes);
    this.#setNonce(sealed.subarray(0, ivBytes));
    return sodium.crypto_onetimeauth_verify(mac, ciphertext, this.#oneTimeKey) ? ciphertext : undefined;
  }

  #sealWith(iv: Buffer, plaintext: Uint8Array, target: Buffer, offset: number): number {
    iv.copy(target, offset);
    const start = offset + ivBytes;
    const end = start + plaintext.length;
    const cipher = createCipheriv('aes-256-ctr', this.#encryptionKey, iv);
    for (let done = 0; done < plaintext.length; done += sliceBytes) {
      const slice = cipher.update(plaintext.subarray(done, done + sliceBytes));
      target.set(slice, start + done);
      freeMemory(slice);
    }
    this.#setNonce(iv);
    const mac = target.subarray(end, end + macBytes);
    sodium.crypto_onetimeauth(mac, target.subarray(start, end), this.#oneTimeKey);
    return plaintext.length + sealOverheadBytes;
  }

  #setNonce(iv: Uint8Array): void {
    this.#oneTimeKey.set(this.#nonceCipher.update(iv), 16);
  }

  #takeIv(target: Buffer): void {
    if (this.#ivPosition === ivPoolBytes) {
      randomFillSync(this.#ivPool);
      this.#ivPosition = 0;
    }
    this.#ivPool.copy(target, 0, this.#ivPosition, this.#ivPosition + ivBytes);
    // A used IV is wiped: were the pool ever read twice, the seal would be visibly zero rather than repeated.
    this.#ivPool.fill(0, this.#ivPosition, this.#ivPosition + ivBytes);
    this.#ivPosition += ivBytes;
    // Two copies of a running virtual machine hold the same pool; their clocks set them apart.
    target.writeBigUInt64LE(target.readBigUInt64LE(8) ^ process.hrtime.bigint(), 8);
  }
}
