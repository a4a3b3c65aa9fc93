import { createCipheriv } from 'node:crypto';
import type { MasterKey } from '../../../repository/crypto/master-key.ts';

/**
 * restic's sealing, written down from its definitions and as slow as they are: to compare the fast one with. From
 * Node comes AES for single blocks alone.
 */
export function sealedByReference(key: MasterKey, iv: Buffer, plaintext: Buffer): Buffer {
  const ciphertext = Buffer.alloc(plaintext.length);
  let counter = BigInt(`0x${iv.toString('hex')}`);
  for (let start = 0; start < plaintext.length; start += 16) {
    const stream = aesBlock('aes-256-ecb', key.encrypt, bigEndian(counter));
    for (let at = start; at < Math.min(start + 16, plaintext.length); at += 1) {
      ciphertext[at] = (plaintext[at] ?? 0) ^ (stream[at - start] ?? 0);
    }
    // The counter is the whole block, and goes around at its end (NIST SP 800-38A, B.1).
    counter = (counter + 1n) % 2n ** 128n;
  }
  return Buffer.concat([iv, ciphertext, poly1305Aes(key, iv, ciphertext)]);
}

/** Bernstein, "The Poly1305-AES message-authentication code": s is AES of the nonce. */
export function poly1305Aes({ macK, macR }: MasterKey, nonce: Buffer, message: Buffer): Buffer {
  return poly1305({ r: macR, s: aesBlock('aes-128-ecb', macK, nonce) }, message);
}

/** RFC 8439, section 2.5.1. */
export function poly1305({ r, s }: { readonly r: Buffer; readonly s: Buffer }, message: Buffer): Buffer {
  const clamped = littleEndian(r) & 0x0ffffffc_0ffffffc_0ffffffc_0fffffffn;
  let sum = 0n;
  for (let start = 0; start < message.length; start += 16) {
    const part = message.subarray(start, start + 16);
    sum = ((sum + littleEndian(Buffer.concat([part, Buffer.of(1)]))) * clamped) % (2n ** 130n - 5n);
  }
  return bigEndian((sum + littleEndian(s)) % 2n ** 128n).reverse();
}

function aesBlock(algorithm: 'aes-128-ecb' | 'aes-256-ecb', key: Buffer, block: Buffer): Buffer {
  return createCipheriv(algorithm, key, null).setAutoPadding(false).update(block);
}

function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
