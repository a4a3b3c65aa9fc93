import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFailure } from '../../../contracts/failures.ts';
import { DumpInspector } from '../../../sources/postgres/dump-format.ts';
import { dumpFile } from '../../../sources/postgres/file-names.ts';
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

function inspect(pieces: Iterable<Buffer>) {
  const inspector = new DumpInspector();
  for (const piece of pieces) inspector.feed(piece);
  return inspector.finish();
}

test('a whole dump is known by its table of contents and its data, however it is cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: dump.length }), { maxLength: 20 }), (cuts) => {
      const points = [0, ...cuts.toSorted((left, right) => left - right), dump.length];
      const pieces = points.slice(1).map((point, index) => dump.subarray(points[index], point));
      assert.deepEqual(inspect(pieces), {
        formatVersion: '1.16',
        structureChecked: true,
        owners: ['owner'],
        objects: { BLOBS: 1, TABLE: 1, 'TABLE DATA': 1 },
      });
    }),
  );
});

test('a dump that ends early is no dump, wherever it ends', () => {
  for (let length = 0; length < dump.length; length += 1) {
    assert.throws(() => inspect([dump.subarray(0, length)]), { name: 'ToolFailed', message: /ends early/ });
  }
});

test('data that nothing announces is no part of a dump', () => {
  assert.throws(() => inspect([dump, table]), { name: 'ToolFailed', message: /an entry 2 that awaits none/ });
  assert.throws(() => inspect([Buffer.from('-- SQL, not a dump')]), { message: /does not start as a dump/ });
});

test('damaged bytes give a failure or a dump, never a hang or another error', () => {
  fc.assert(
    fc.property(fc.nat(dump.length - 1), fc.integer({ min: 1, max: 255 }), (position, change) => {
      const damaged = Buffer.from(dump);
      damaged[position] = (damaged[position] ?? 0) ^ change;
      try {
        inspect([damaged]);
      } catch (error) {
        assert.ok(isFailure(error, 'ToolFailed'), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a format of the future is passed on unchecked', () => {
  const future = Buffer.from(dump);
  future[6] = 17;
  assert.deepEqual(inspect([future]), {
    formatVersion: '1.17',
    structureChecked: false,
    owners: [],
    objects: {},
  });
});

test('names of databases become names of files that a shell and a file system take as they are', () => {
  assert.equal(dumpFile('shop'), 'shop.dump');
  assert.equal(dumpFile('../etc'), '%2E.%2Fetc.dump');
  assert.equal(dumpFile("-f it's 100%"), '%2Df%20it%27s%20100%25.dump');
  assert.equal(dumpFile('größe 数'), 'größe%20数.dump');
  assert.equal(dumpFile('🐘'), '%F0%9F%90%98.dump');
});

test('different databases have different files', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
      assert.equal(dumpFile(left) === dumpFile(right), left === right);
      assert.match(dumpFile(left), /^[\p{L}\p{N}_%.][\p{L}\p{N}_.%-]*$/u);
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
    version: 1,
    ...manifest,
  });
  for (const wrong of ['', '{}', 'null', '{"format":"resguardo-postgres","version":2}', '{"__proto__":{}}']) {
    assert.throws(() => parseManifest(Buffer.from(wrong)), {
      name: 'SourceUnsupported',
      message: /cannot be used/,
    });
  }
});
