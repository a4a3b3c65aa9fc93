import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import fc from 'fast-check';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { decodeConfig } from '../../repository/config.ts';
import { decodeMasterKey } from '../../repository/crypto/master-key.ts';
import { decodeIndex } from '../../repository/index/index-file.ts';
import { decodeKeyFile } from '../../repository/keys/key-file.ts';
import { decodeLockFile } from '../../repository/lock/lock-file.ts';
import { decodeHeader, encodeHeader } from '../../repository/pack/header.ts';
import { decodeSnapshot } from '../../repository/snapshot.ts';
import { decodeTree } from '../../repository/tree/decode.ts';
import type { Row } from '../row.ts';

const id = 'ab'.repeat(32);
const time = '2026-01-01T00:00:00.123456789+01:00';
const node = {
  ...{ name: 'a', type: 'file', mode: 420, mtime: time, atime: time, ctime: time, uid: 1, gid: 2, user: 'u' },
  ...{ inode: 7, device_id: 8, size: 3, links: 1, content: [id], subtree: id, linktarget: 'x', device: 1 },
  extended_attributes: [{ name: 'user.x', value: 'AAAA' }],
  generic_attributes: { 'linux.x': 1 },
};

/** A right example of each file, and what reads it: a value, undefined, or a failure of ours; nothing else. */
const decoders: Readonly<Record<string, readonly [example: unknown, decode: (bytes: Buffer) => unknown]>> = {
  index: [
    { packs: [{ id, blobs: [{ id, type: 'data', offset: 0, length: 100, uncompressed_length: 200 }] }] },
    decodeIndex,
  ],
  tree: [{ nodes: [node, { ...node, name: 'b' }] }, (bytes) => decodeTree(bytes, id)],
  snapshot: [
    {
      time,
      tree: id,
      paths: ['/x'],
      tags: ['t'],
      parent: id,
      original: id,
      summary: { backup_start: time, files_new: 1 },
    },
    (bytes) => decodeSnapshot(id, bytes),
  ],
  config: [{ version: 2, id, chunker_polynomial: '3da3358b4dc173' }, decodeConfig],
  key: [
    {
      kdf: 'scrypt',
      N: 16,
      r: 1,
      p: 1,
      salt: 'AA==',
      data: 'AA==',
      created: time,
      username: 'u',
      hostname: 'h',
    },
    (bytes) => decodeKeyFile(hash('sha256', bytes), bytes),
  ],
  lock: [{ time, exclusive: true, hostname: 'h', username: 'u', pid: 1, uid: 0, gid: 0 }, decodeLockFile],
  'master key': [
    { mac: { k: 'AAAA', r: 'AAAA' }, encrypt: 'AAAA' },
    (bytes) => decodeMasterKey(JSON.parse(`${bytes}`)),
  ],
};

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '..', '/', '\0', '\\x00', '\\', [], {}, [[]], [null], -1, -0, 0.5),
  fc.constantFrom<unknown>(2 ** 31, 2 ** 32, 2 ** 53, 1e300, 'NaN', id.toUpperCase(), `${id}0`, '__proto__'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer(),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Changes a JSON value in one place: another value, a key that is missing or doubled, an item more or fewer. */
function changed(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== 'object' || value === null) return oddValue;
  if (Array.isArray(value)) {
    return fc.oneof(
      oddValue,
      oddValue.map((odd) => [...value, odd]),
      fc.constant(value.slice(1)),
      fc.constant([...value, ...value]),
      ...value.map((item, index) => changed(item).map((other) => value.with(index, other))),
    );
  }
  return fc.oneof(
    oddValue,
    ...Object.entries(value).flatMap(([key, item]) => [
      { weight: 1, arbitrary: fc.constant({ ...value, [key]: undefined }) },
      { weight: 4, arbitrary: changed(item).map((other) => ({ ...value, [key]: other })) },
    ]),
  );
}

export const decoderFuzz: Row = {
  id: 'X17-decoders',
  title:
    'what is read from a repository is a value, or a failure that says what is wrong, whatever its bytes',
  counts: { test: 2000, soak: 1_000_000 },
  run: async (run) => {
    const names = Object.keys(decoders);
    const streams = new Map<string, Iterator<Buffer>>();
    for (const { number } of run.cases()) {
      const name = [...names, 'pack header'][number % (names.length + 1)] ?? '';
      const stream = streams.get(name) ?? samplesOf(name, run.random.below(2 ** 31))[Symbol.iterator]();
      streams.set(name, stream);
      const { value } = stream.next();
      await run.check(name, async () => assertDecodes(name, value));
      // Others get their turn, a signal among them.
      if (number % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  },
};

function assertDecodes(name: string, bytes: Buffer): void {
  const decode = name === 'pack header' ? decodeHeader : decoders[name]?.[1];
  assert.ok(decode);
  try {
    decode(bytes);
  } catch (error) {
    const isOurs = error instanceof Failure && !isFailure(error, 'Internal');
    // A master key is JSON before anybody sees it: its decoder gets a value.
    if (!isOurs && !(name === 'master key' && error instanceof SyntaxError)) {
      throw new Error(`${name} of ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
  }
}

function* samplesOf(name: string, seed: number): Generator<Buffer> {
  const example = decoders[name]?.[0];
  const arbitrary = name === 'pack header' ? headers : jsonBytes(example);
  for (let round = 0; ; round += 1) yield* fc.sample(arbitrary, { numRuns: 500, seed: seed + round });
}

/** Mostly JSON that is nearly right, sometimes bytes that are not even JSON. */
function jsonBytes(example: unknown): fc.Arbitrary<Buffer> {
  const text = fc.oneof(
    changed(example),
    changed(example).chain((once) => changed(once)),
  );
  const whole = text.map((value) => Buffer.from(JSON.stringify(value) ?? ''));
  const broken = fc
    .tuple(whole, fc.nat(), fc.uint8Array({ maxLength: 4 }))
    .map(([bytes, at, inserted]) => spliced(bytes, at, inserted));
  return fc.oneof({ weight: 4, arbitrary: whole }, { weight: 1, arbitrary: broken });
}

const headers: fc.Arbitrary<Buffer> = fc
  .tuple(fc.nat(20), fc.nat(), fc.uint8Array({ maxLength: 40 }))
  .map(([count, at, inserted]) => {
    const blob = { type: 'data' as const, id, offset: 0, length: 100, uncompressedLength: 5 };
    return spliced(encodeHeader(Array.from({ length: count }, () => blob)), at, inserted);
  });

function spliced(bytes: Buffer, at: number, inserted: Uint8Array): Buffer {
  const position = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, position), inserted, bytes.subarray(position + (at % 7))]);
}
