import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { createKeyring } from '../../codec/keyring.ts';
import { EncryptionCodec } from '../../codec/payload-codec.ts';
import { Secret } from '../../secrets/secret.ts';

const newKey = () => new Secret(randomBytes(32).toString('base64'));
const codecOf = (...keys: [Secret, ...Secret[]]) => new EncryptionCodec(createKeyring(keys));
const one = async (payloads: Promise<Payload[]>) => {
  const [payload] = await payloads;
  assert.ok(payload);
  return payload;
};

test('every payload comes back as it was, and shows nothing while it is stored', async () => {
  const codec = codecOf(newKey());
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.string({ minLength: 8 }), async (value, canary) => {
      const plain = defaultPayloadConverter.toPayload({ value, canary });
      const stored = await one(codec.encode([plain]));
      assert.equal(Buffer.from(stored.data ?? []).includes(canary), false);
      assert.deepEqual(
        defaultPayloadConverter.fromPayload(await one(codec.decode([stored]))),
        JSON.parse(JSON.stringify({ value, canary })),
      );
    }),
    { numRuns: 200 },
  );
});

test('the same payload is never stored as the same bytes', async () => {
  const codec = codecOf(newKey());
  const plain = defaultPayloadConverter.toPayload('x');
  const stored = await Promise.all(Array.from({ length: 50 }, () => one(codec.encode([plain]))));
  assert.equal(new Set(stored.map(({ data }) => Buffer.from(data ?? []).toString('hex'))).size, 50);
});

test('payloads that the codec did not write pass as they are', async () => {
  const codec = codecOf(newKey());
  const foreign = [
    defaultPayloadConverter.toPayload({ source: 'mydb' }),
    { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('somebody else') },
    {},
  ];
  assert.deepEqual(await codec.decode(foreign), foreign);
  assert.deepEqual(await codec.decode([]), []);
});

test('a payload is encrypted once, however often it is encoded', async () => {
  const codec = codecOf(newKey());
  const stored = await codec.encode([defaultPayloadConverter.toPayload('x')]);
  assert.deepEqual(await codec.encode(stored), stored);
});

test('after a change of keys, what the old key encrypted is still read', async () => {
  const [older, newer] = [newKey(), newKey()];
  const stored = await codecOf(older).encode([defaultPayloadConverter.toPayload('old')]);
  const plain = await one(codecOf(newer, older).decode(stored));
  assert.equal(defaultPayloadConverter.fromPayload(plain), 'old');
  await assert.rejects(codecOf(newer).decode(stored), { name: 'WrongKey', advice: /oldKeys/ });
});

test('a changed payload is refused, whichever byte was changed', async () => {
  const codec = codecOf(newKey());
  const stored = await one(codec.encode([defaultPayloadConverter.toPayload('x')]));
  const data = Buffer.from(stored.data ?? []);
  for (let index = 0; index < data.length; index += 1) {
    const changed = Buffer.from(data);
    changed[index] = (changed[index] ?? 0) ^ 1;
    await assert.rejects(codec.decode([{ ...stored, data: changed }]), { name: 'WrongKey' });
  }
  for (const length of [0, 11, 12, 27, data.length - 1]) {
    await assert.rejects(codec.decode([{ ...stored, data: data.subarray(0, length) }]), { name: 'WrongKey' });
  }
});

test('a weak key is refused with the way to make a good one, and is not shown', () => {
  for (const weak of ['hunter2', '', 'correct horse battery staple, with more words', 'c2hvcnQ=']) {
    assert.throws(
      () => codecOf(new Secret(weak)),
      (error: Error & { advice?: string }) =>
        error.name === 'InvalidConfiguration' &&
        /urandom/.test(error.advice ?? '') &&
        (weak === '' || !error.message.includes(weak)),
    );
  }
});
