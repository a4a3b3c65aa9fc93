import assert from 'node:assert/strict';
import { createDecipheriv, hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { deriveKey } from '../../../repository/crypto/key-derivation.ts';
import { Sealing } from '../../../repository/crypto/sealing.ts';
import { Secret } from '../../../secrets/secret.ts';
import { poly1305, poly1305Aes, sealedByReference } from './reference.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

// FIPS 180-4's examples, as NIST publishes them ("Secure Hash Standard", example computations).
for (const [text, digest] of [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
] as const) {
  test(`SHA-256 of ${text.length} bytes is that of FIPS 180-4`, () => {
    assert.equal(hash('sha256', text), digest);
  });
}

// RFC 7914, section 12; its last example takes a gibibyte, which is out of our bounds.
for (const { password, salt, cost, derived } of [
  {
    password: '',
    salt: '',
    cost: { N: 16, r: 1, p: 1 },
    derived: '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a',
  },
  {
    password: 'pleaseletmein',
    salt: 'SodiumChloride',
    cost: { N: 16384, r: 8, p: 1 },
    derived: '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705',
  },
]) {
  test(`scrypt with N=${cost.N} is that of RFC 7914`, async () => {
    const { encrypt, macK } = await deriveKey(new Secret(password), Buffer.from(salt), cost);
    assert.equal(Buffer.concat([encrypt, macK]).toString('hex', 0, 44), derived);
  });
}

// RFC 8439: section 2.5.2, then those of A.3 whose arithmetic carries beyond 2^130 - 5. Short ones end in zeros.
const carrying = '01000000000000000400000000000000';
for (const { r, s, message, tag } of [
  {
    r: '85d6be7857556d337f4452fe42d506a8',
    s: '0103808afb0db2fd4abff6af4149f51b',
    message: Buffer.from('Cryptographic Forum Research Group').toString('hex'),
    tag: 'a8061dc1305136c6c22b8baf0c0127a9',
  },
  { r: '00', s: '00', message: '00'.repeat(64), tag: '00' },
  { r: '02', s: '00', message: 'ff'.repeat(16), tag: '03' },
  { r: '02', s: 'ff'.repeat(16), message: `02${'00'.repeat(15)}`, tag: '03' },
  { r: '02', s: '00', message: `fd${'ff'.repeat(15)}`, tag: `fa${'ff'.repeat(15)}` },
  {
    r: carrying,
    s: '00',
    message: `e33594d7505e43b90000000000000000 3394d7505e4379cd0100000000000000 ${'00'.repeat(16)} 01${'00'.repeat(15)}`,
    tag: '14000000000000005500000000000000',
  },
  {
    r: carrying,
    s: '00',
    message: `e33594d7505e43b90000000000000000 3394d7505e4379cd0100000000000000 ${'00'.repeat(16)}`,
    tag: '13',
  },
]) {
  test(`Poly1305 of ${message.slice(0, 16)}… by ${r.slice(0, 8)}… is that of RFC 8439`, () => {
    const key = { r: block(r), s: block(s) };
    assert.equal(poly1305(key, bytes(message)).toString('hex'), block(tag).toString('hex'), 'the reference');
    // Poly1305-AES takes s from a nonce; for a given s there is one.
    const macK = bytes('ec074c835580741701425b623235add6');
    const cipher = createDecipheriv('aes-128-ecb', macK, null).setAutoPadding(false);
    const nonce = cipher.update(key.s);
    const sealing = new Sealing({ encrypt: Buffer.alloc(32), macK, macR: key.r });
    const sealed = Buffer.concat([nonce, bytes(message), block(tag)]);
    assert.ok(sealing.open(sealed), 'the right code opens');
    for (let bit = 0; bit < 128; bit += 1) {
      const other = Buffer.from(sealed);
      const at = sealed.length - 16 + (bit >> 3);
      other[at] = (other[at] ?? 0) ^ (1 << (bit & 7));
      assert.equal(sealing.open(other), undefined, `bit ${bit} of the code`);
    }
  });
}

test('AES-256 in counter mode is that of NIST SP 800-38A, F.5.5', () => {
  const encrypt = bytes('603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4');
  const iv = bytes('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
  const ciphertext = bytes(
    '601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5 2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6',
  );
  const plaintext = bytes(
    '6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710',
  );
  const key = { encrypt, macK: Buffer.alloc(16), macR: Buffer.alloc(16) };
  assert.deepEqual(sealedByReference(key, iv, plaintext).subarray(16, -16), ciphertext, 'the reference');
  const mac = poly1305Aes(key, iv, ciphertext);
  assert.deepEqual(new Sealing(key).open(Buffer.concat([iv, ciphertext, mac])), plaintext);
});

test('what a plain and slow program seals opens, for keys and counters at their edges too', () => {
  const edge = fc.constantFrom(0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xfb, 0xfc, 0xfe, 0xff);
  const block16 = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), repeated(edge, 16));
  const message = fc.oneof(fc.uint8Array({ maxLength: 200 }), repeated(edge, 64), repeated(edge, 17));
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      block16,
      block16,
      block16,
      message,
      (encrypt, macK, macR, iv, plain) => {
        const key = { encrypt: Buffer.from(encrypt), macK: Buffer.from(macK), macR: Buffer.from(macR) };
        const sealed = sealedByReference(key, Buffer.from(iv), Buffer.from(plain));
        assert.deepEqual(new Sealing(key).open(sealed), Buffer.from(plain));
      },
    ),
    { numRuns: 500 },
  );
});

test('what we seal is what a plain and slow program seals under the same nonce', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.uint8Array({ maxLength: 300 }),
      (keys, plain) => {
        const key = {
          encrypt: Buffer.from(keys.subarray(0, 32)),
          macK: Buffer.from(keys.subarray(32, 48)),
          macR: Buffer.from(keys.subarray(48)),
        };
        const sealed = new Sealing(key).seal(plain);
        assert.deepEqual(sealed, sealedByReference(key, sealed.subarray(0, 16), Buffer.from(plain)));
      },
    ),
  );
});

function repeated(byte: fc.Arbitrary<number>, length: number): fc.Arbitrary<Uint8Array> {
  return byte.map((value) => new Uint8Array(length).fill(value));
}

/** A block of 16 bytes that begins so. */
function block(hex: string): Buffer {
  return bytes(hex.padEnd(32, '0')).subarray(0, 16);
}
