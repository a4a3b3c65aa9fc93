import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { masterKeyFromBytes, randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { Sealing, sealOverheadBytes } from '../../../repository/crypto/sealing.ts';

const fixedKey = masterKeyFromBytes(Buffer.from(Array.from({ length: 64 }, (_, index) => index)));

test('what is sealed opens to the same bytes, whatever its length', () => {
  const sealing = new Sealing(randomMasterKey());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (plain) => {
      const sealed = sealing.seal(plain);
      assert.equal(sealed.length, plain.length + sealOverheadBytes);
      assert.deepEqual(sealing.open(sealed), Buffer.from(plain));
    }),
  );
});

test('lengths around the slices of the cipher open too', () => {
  const sealing = new Sealing(fixedKey);
  for (const around of [16 * 1024, 64 * 1024, 1024 * 1024]) {
    for (const length of [around - 1, around, around + 1]) {
      const plain = Buffer.alloc(length, 'content ');
      assert.ok(sealing.open(sealing.seal(plain))?.equals(plain), String(length));
    }
  }
});

test('a sealed message with any bit changed does not open', () => {
  const sealing = new Sealing(randomMasterKey());
  const sealed = sealing.seal(Buffer.from('forty-two bytes that nobody may change'));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(sealing.open(changed), undefined, `bit ${bit}`);
  }
});

test('a sealed message that is cut or prolonged does not open', () => {
  const sealing = new Sealing(randomMasterKey());
  const sealed = sealing.seal(Buffer.from('some text'));
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(sealing.open(sealed.subarray(0, length)), undefined);
  }
  assert.equal(sealing.open(Buffer.concat([sealed, Buffer.of(0)])), undefined);
});

test('another key does not open it', () => {
  const sealed = new Sealing(randomMasterKey()).seal(Buffer.from('secret'));
  assert.equal(new Sealing(randomMasterKey()).open(sealed), undefined);
});

// Bernstein, "The Poly1305-AES message-authentication code", appendix B.
const poly1305AesVectors = [
  {
    message: 'f3f6',
    r: '851fc40c3467ac0be05cc20404f3f700',
    k: 'ec074c835580741701425b623235add6',
    nonce: 'fb447350c4e868c52ac3275cf9d4327e',
    mac: 'f4c633c3044fc145f84f335cb81953de',
  },
  {
    message: '',
    r: 'a0f3080000f46400d0c7e9076c834403',
    k: '75deaa25c09f208e1dc4ce6b5cad3fbf',
    nonce: '61ee09218d29b0aaed7e154a2c5509cc',
    mac: 'dd3fab2251f11ac759f0887129cc2ee7',
  },
  {
    message: '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
    r: '48443d0bb0d21109c89a100b5ce2c208',
    k: '6acb5f61a7176dd320c5c1eb2edcdc74',
    nonce: 'ae212a55399729595dea458bc621ff0e',
    mac: '0ee1c16bb73f0f4fd19881753c01cdbe',
  },
];

for (const { message, r, k, nonce, mac } of poly1305AesVectors) {
  test(`the authentication code of ${message || 'the empty message'} is that of the paper`, () => {
    const key = { encrypt: Buffer.alloc(32), macK: Buffer.from(k, 'hex'), macR: Buffer.from(r, 'hex') };
    const sealed = Buffer.from(nonce + message + mac, 'hex');
    assert.equal(new Sealing(key).open(sealed)?.length, message.length / 2);
  });
}

test('the same plaintext is sealed to other bytes each time, also by another writer', () => {
  const plain = Buffer.from('the same');
  const seals = new Set<string>();
  for (const sealing of [new Sealing(fixedKey), new Sealing(fixedKey)]) {
    // More than the pool of random IVs holds.
    for (let count = 0; count < 3000; count++) seals.add(sealing.seal(plain).toString('hex', 0, 16));
  }
  assert.equal(seals.size, 6000);
});

test('a seal that is to be the same is the same for each writer, and for no other plaintext', () => {
  const seal = (text: string) => new Sealing(fixedKey).sealSame(Buffer.from(text)).toString('hex');
  assert.equal(seal('{"a":1}'), seal('{"a":1}'));
  assert.notEqual(seal('{"a":1}').slice(0, 32), seal('{"a":2}').slice(0, 32));
  assert.deepEqual(new Sealing(fixedKey).open(Buffer.from(seal('x'), 'hex')), Buffer.from('x'));
});

test('a seal that is to be the same stays the same in later versions', () => {
  const sealed = new Sealing(fixedKey).sealSame(Buffer.from('{"tree":"golden"}'));
  assert.equal(hash('sha256', sealed), '3c97c75935533ff8e711f6f448e37ab5071a519427b3c9f316423350826ba910');
});
