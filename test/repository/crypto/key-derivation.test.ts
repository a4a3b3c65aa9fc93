import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { deriveKey } from '../../../repository/crypto/key-derivation.ts';
import { decodeMasterKey, encodeMasterKey, randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { Secret } from '../../../secrets/secret.ts';

test('keys are derived as RFC 7914 section 12 shows it', async () => {
  const key = await deriveKey(new Secret('password'), Buffer.from('NaCl'), { N: 1024, r: 8, p: 16 });
  const expected =
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da';
  assert.equal(Buffer.concat([key.encrypt, key.macK]).toString('hex'), expected);
  // Poly1305 wants some bits of the last 16 bytes clear: c727afb94a83ee6d8360cbdfa2cc0640 without them.
  assert.equal(key.macR.toString('hex'), 'c727af094883ee0d8060cb0fa0cc0600');
});

for (const [title, cost] of [
  ['needs 16 GiB', { N: 2 ** 24, r: 8, p: 1 }],
  ['would take an hour', { N: 2 ** 15, r: 8, p: 100_000 }],
  ['has an N that is no power of two', { N: 1000, r: 8, p: 1 }],
  ['has an N of 1', { N: 1, r: 8, p: 1 }],
  ['has an r of 0', { N: 1024, r: 0, p: 1 }],
] as const) {
  test(`a derivation that ${title} is refused at once`, async () => {
    await assert.rejects(deriveKey(new Secret('x'), Buffer.alloc(64), cost), (error) =>
      isFailure(error, 'WrongKey'),
    );
  });
}

test('a master key is read as it was written', () => {
  const key = randomMasterKey();
  assert.deepEqual(decodeMasterKey(JSON.parse(encodeMasterKey(key).toString())), key);
});

test('what is no master key is not taken for one', () => {
  const whole = JSON.parse(encodeMasterKey(randomMasterKey()).toString());
  for (const json of [
    null,
    1,
    {},
    { mac: null, encrypt: 'x' },
    { ...whole, encrypt: 'AAAA' },
    { encrypt: whole.encrypt },
  ]) {
    assert.equal(decodeMasterKey(json), undefined);
  }
});
