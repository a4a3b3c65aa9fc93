import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFailure } from '../../../contracts/failures.ts';
import { LargeObjectMeasure } from '../../../sources/postgres/archive/large-object-measure.ts';
import { ArchiveReader } from '../../../sources/postgres/archive/read-archive.ts';
import { dumpFolder } from '../../../sources/postgres/file-names.ts';
import { withoutRestriction } from '../../../sources/postgres/globals.ts';
import { encodeManifest, parseManifest } from '../../../sources/postgres/manifest.ts';

/** Of pg_dump's custom format: an integer is a sign and four bytes, a text is its length and its bytes. */
function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

function text(value: string | undefined): Buffer {
  return value === undefined ? int(-1) : Buffer.concat([int(value.length), Buffer.from(value)]);
}

function entry(id: number, kind: string, state: number): Buffer {
  const parts = [int(id), int(1), text('0'), text('0'), text('name'), text(kind), int(2)];
  for (let field = 0; field < 6; field += 1) parts.push(text(undefined));
  parts.push(
    int(114),
    text('owner'),
    text('false'),
    text('7'),
    text(undefined),
    Buffer.of(state),
    Buffer.alloc(8),
  );
  return Buffer.concat(parts);
}

const head = Buffer.concat([
  Buffer.from('PGDMP'),
  Buffer.of(1, 16, 0, 4, 8, 1, 0),
  ...Array.from({ length: 7 }, () => int(1)),
  text('shop'),
  text('17.11'),
  text('17.11'),
]);

const table = Buffer.concat([
  Buffer.of(1),
  int(2),
  int(4),
  Buffer.from('1\ta\n'),
  int(5),
  Buffer.from('2\tbb\n'),
  int(0),
]);
const largeObjects = Buffer.concat([
  Buffer.of(3),
  int(3),
  int(16_400),
  int(2),
  Buffer.from('xy'),
  int(0),
  int(0),
]);
const entries = [entry(1, 'TABLE', 3), entry(2, 'TABLE DATA', 1), entry(3, 'BLOBS', 1)];
const dump = Buffer.concat([head, int(3), ...entries, table, largeObjects]);

interface Inspected {
  readonly kinds: readonly string[];
  readonly rows: readonly { readonly rows: string; readonly hash: string }[];
  readonly content: string;
}

async function inspect(pieces: readonly Buffer[]): Promise<Inspected> {
  const reader = await ArchiveReader.open(Readable.from(pieces, { objectMode: true }));
  const rows: { rows: string; hash: string }[] = [];
  let content = '';
  for await (const member of reader.members()) {
    for await (const chunk of member.content) content += chunk.toString();
    if (member.largeObject === undefined) rows.push(member.count());
  }
  return { kinds: reader.toc.entries.map(({ kind }) => kind), rows, content };
}

test('a whole dump is read the same however it is cut into pieces', async () => {
  const whole = await inspect([dump]);
  assert.deepEqual(whole.kinds, ['TABLE', 'TABLE DATA', 'BLOBS']);
  assert.equal(whole.content, '1\ta\n2\tbb\nxy');
  assert.equal(whole.rows[0]?.rows, '2');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: dump.length }), { maxLength: 20 }), async (cuts) => {
      const points = [0, ...cuts.toSorted((left, right) => left - right), dump.length];
      const pieces = points.slice(1).map((point, index) => dump.subarray(points[index], point));
      assert.deepEqual(await inspect(pieces), whole);
    }),
  );
});

function tableOf(chunks: readonly string[]): Buffer {
  const parts = chunks.flatMap((chunk) => [int(Buffer.byteLength(chunk)), Buffer.from(chunk)]);
  const block = Buffer.concat([Buffer.of(1), int(2), ...parts, int(0)]);
  return Buffer.concat([head, int(2), entry(1, 'TABLE', 3), entry(2, 'TABLE DATA', 1), block]);
}

const line = fc.string({ unit: 'grapheme' }).map((text) => `${text.replaceAll(/[\n\\]/g, '')}\n`);

test('the hash of a table depends on its rows, not on their order or on how they come', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.nat(), async (lines, cut) => {
      const text = [...lines, '\\.\n\n\n'].join('');
      const at = 1 + (cut % text.length);
      const chunks = [text.slice(0, at).toWellFormed(), text.slice(at).toWellFormed()].filter(
        (part) => part !== '',
      );
      const one = await inspect([tableOf([...lines, '\\.\n\n\n'])]);
      assert.equal(one.rows[0]?.rows, String(lines.length));
      const reversed = await inspect([tableOf([...lines.toReversed(), '\\.\n\n\n'])]);
      assert.deepEqual(reversed.rows, one.rows);
      if (chunks.join('') === text) assert.deepEqual((await inspect([tableOf(chunks)])).rows, one.rows);
    }),
  );
});

test('rows that differ have different hashes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 5 }), line, async (lines, other) => {
      fc.pre(other !== lines[0]);
      const [one, two] = [
        await inspect([tableOf(lines)]),
        await inspect([tableOf([other, ...lines.slice(1)])]),
      ];
      assert.notEqual(one.rows[0]?.hash, two.rows[0]?.hash);
    }),
  );
});

test('a dump that ends early is no dump, wherever it ends', async () => {
  for (let length = 0; length < dump.length; length += 1) {
    await assert.rejects(inspect([dump.subarray(0, length)]), { name: 'ToolFailed', message: /ends early/ });
  }
});

test('data that nothing announces is no part of a dump', async () => {
  await assert.rejects(inspect([dump, table]), {
    name: 'ToolFailed',
    message: /an entry 2 that awaits none/,
  });
  await assert.rejects(inspect([Buffer.from('-- SQL, not a dump')]), { message: /does not start as a dump/ });
});

test('damaged bytes give a failure or a dump, never a hang or another error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(dump.length - 1), fc.integer({ min: 1, max: 255 }), async (position, change) => {
      const damaged = Buffer.from(dump);
      damaged[position] = (damaged[position] ?? 0) ^ change;
      try {
        await inspect([damaged]);
      } catch (error) {
        assert.ok(isFailure(error, 'ToolFailed') || isFailure(error, 'SourceUnsupported'), String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('a format of the future is refused with the mend', async () => {
  const future = Buffer.from(dump);
  future[6] = 17;
  await assert.rejects(inspect([future]), { name: 'SourceUnsupported', message: /the format 1\.17/ });
});

test('large objects are counted whatever their order', async () => {
  const measured = async (objects: readonly (readonly [number, string])[]) => {
    const measure = new LargeObjectMeasure();
    for (const [oid, text] of objects) {
      await Array.fromAsync(measure.follow(oid, Readable.from([Buffer.from(text)], { objectMode: true })));
    }
    return measure.result;
  };
  const one = await measured([
    [1, 'x'],
    [2, 'yy'],
  ]);
  assert.deepEqual(
    one,
    await measured([
      [2, 'yy'],
      [1, 'x'],
    ]),
  );
  assert.deepEqual([one.count, one.bytes], ['2', '3']);
  assert.notEqual(
    one.hash,
    (
      await measured([
        [1, 'yy'],
        [2, 'x'],
      ])
    ).hash,
  );
});

test('names of databases become names of files that a shell and a file system take as they are', () => {
  assert.equal(dumpFolder('shop'), 'shop.dump');
  assert.equal(dumpFolder('../etc'), '%2E.%2Fetc.dump');
  assert.equal(dumpFolder("-f it's 100%"), '%2Df%20it%27s%20100%25.dump');
  assert.equal(dumpFolder('größe 数'), 'größe%20数.dump');
  assert.equal(dumpFolder('🐘'), '%F0%9F%90%98.dump');
});

test('different databases have different files', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
      assert.equal(dumpFolder(left) === dumpFolder(right), left === right);
      assert.match(dumpFolder(left), /^[\p{L}\p{N}_%.][\p{L}\p{N}_.%-]*$/u);
    }),
  );
});

test('the random key of a dump of the roles is taken out, and nothing else', () => {
  const body = 'CREATE ROLE "a\n\\restrict x";\nCOMMENT ON ROLE b IS \'\n\\unrestrict k3y\n\';\n';
  const dumped = Buffer.from(`--\n\n\\restrict k3y\n\n${body}\n\\unrestrict k3y\n\n`);
  assert.equal(withoutRestriction(dumped).toString(), `--\n\n\n${body}\n\n`);
  const older = Buffer.from('--\nCREATE ROLE "ünï";\n');
  assert.deepEqual(withoutRestriction(older), older);
});

test('a manifest is read as it was written, and a stranger is refused', () => {
  const manifest = {
    source: 'shop',
    server: { version: '17.11', major: 17 },
    globals: { file: 'globals.sql', passwords: true },
    databases: [],
  };
  assert.deepEqual(parseManifest(encodeManifest(manifest)), {
    format: 'resguardo-postgres',
    version: 2,
    ...manifest,
  });
  for (const wrong of ['', '{}', 'null', '{"format":"resguardo-postgres","version":3}', '{"__proto__":{}}']) {
    assert.throws(() => parseManifest(Buffer.from(wrong)), {
      name: 'SourceUnsupported',
      message: /cannot be used/,
    });
  }
});
