import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DumpInspector } from '../../../../sources/mysql/dump-inspector.ts';
import type { RowMeasure } from '../../../../sources/mysql/inserts/row-measure.ts';
import { RowScanner } from '../../../../sources/mysql/inserts/row-scanner.ts';
import { rowsOf, sumOf } from './slow-rows.ts';

const scanner = await RowScanner.create();

/** The dump that is stored of one that a program has made, and that comes in pieces of a size. */
function stored(dump: string, pieceBytes = 65_536): { text: string; rows: RowMeasure } {
  const inspector = new DumpInspector(scanner);
  const parts: Buffer[] = [];
  const bytes = Buffer.from(dump);
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    parts.push(Buffer.from(inspector.feed(bytes.subarray(from, from + pieceBytes))));
  }
  const { tail, rows } = inspector.finish();
  return { text: Buffer.concat([...parts, tail]).toString(), rows };
}

/** Rows as a dump has them: of each table in turn, in statements of so many rows. */
function dumpOf(
  tables: ReadonlyMap<string, readonly string[]>,
  rowsInStatement: number,
  gap: string,
): string {
  const lines = ['-- MySQL dump; with a semicolon', 'SET x=1;'];
  for (const [table, rows] of tables) {
    lines.push(`CREATE TABLE ${table} (v text DEFAULT '),(');`);
    for (let from = 0; from < rows.length; from += rowsInStatement) {
      const some = rows.slice(from, from + rowsInStatement);
      lines.push(`INSERT INTO ${table} VALUES${gap}${some.join(gap === ' ' ? ',' : `,${gap}`)};`);
    }
    lines.push('COMMIT;');
  }
  return `${lines.join('\n')}\n-- Dump completed\n`;
}

const literal = fc.string({ unit: 'binary' }).map((text) => `'${text.replace(/[\\']/g, '\\$&')}'`);
const value = fc.oneof(literal, fc.constantFrom('NULL', '1.5', '0x00FF', "''''", "'\\\\'", "';\n-- (x'"));
const row = fc.array(value, { minLength: 1, maxLength: 5 }).map((values) => `(${values.join(',')})`);
const name = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `\`${text.replaceAll('`', '``')}\``);
const tables = fc
  .uniqueArray(fc.tuple(name, fc.array(row, { maxLength: 40 })), { selector: ([one]) => one, maxLength: 4 })
  .map((list) => new Map(list));

test('what is stored holds the same rows in the same order, and is the same however the program cut it', () => {
  fc.assert(
    fc.property(
      tables,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 50 }),
      (content, size, bytes) => {
        const dump = dumpOf(content, size, '\n');
        const one = stored(dump, bytes);
        assert.equal(one.text, stored(dumpOf(content, size + 1, ' ')).text, 'MariaDB and MySQL alike');
        assert.equal(one.text, stored(one.text, bytes + 1).text, 'it is its own');
        for (const [table, rows] of content) {
          const expected = rowsOf(Buffer.from(dumpOf(new Map([[table, rows]]), 1, '\n')));
          const plain = table.slice(1, -1).replaceAll('``', '`');
          assert.deepEqual(one.rows.of(plain), { rows: rows.length, hash: sumOf(expected) });
        }
        assert.deepEqual(
          rowsOf(Buffer.from(one.text)).map(({ text }) => text),
          [...content.values()].flat(),
        );
      },
    ),
  );
});

test('rows of any length are measured as one that reads them byte by byte measures them', () => {
  const values = Array.from(
    { length: 300 },
    (_, length) => `('${"(')\\;,x".slice(length % 7, 1)}${'y'.repeat(length)}')`,
  );
  const rows = [...values, `('${'long'.repeat(10_000)}')`, `(${'(1),'.repeat(50)}2)`];
  const dump = dumpOf(new Map([['`t`', rows]]), 40, '\n');
  const expected = { rows: rows.length, hash: sumOf(rowsOf(Buffer.from(dump))) };
  for (const bytes of [1, 7, 8, 4096, 1_000_000])
    assert.deepEqual(stored(dump, bytes).rows.of('t'), expected);
});

test('the measure of a table heeds each value, and no order', () => {
  const hashOf = (...rows: readonly string[]): string =>
    stored(dumpOf(new Map([['`t`', rows]]), 2, '\n')).rows.of('t').hash;
  const all = ["(1,'a')", "(2,'b')", '(3,NULL)'];
  assert.equal(hashOf(...all), hashOf(...all.toReversed()));
  for (const other of ["(3,'NULL')", '(3,0)', '(3)'])
    assert.notEqual(hashOf(...all), hashOf(...all.with(2, other)));
});

test('what stands between rows and is none is refused', () => {
  for (const text of ['INSERT INTO `t` VALUES (1) AS new;', 'INSERT INTO `t` VALUES x;']) {
    assert.throws(() => stored(`${text}\n-- Dump completed\n`), /an INSERT statement that cannot be read/);
  }
});

test('a dump that is cut amid a head, a row or a string is not whole', () => {
  const dump = "INSERT INTO `t` (`a`, `b`) VALUES\n(1,'x'),\n(2,'y');\n-- Dump completed\n";
  for (let length = 1; length < dump.indexOf('--'); length += 1) {
    assert.throws(() => stored(dump.slice(0, length)), /The dump is not whole/);
  }
});

/** Distinct rows of some 60 bytes. */
function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => {
    const id = from + index;
    return `(${id},'name of ${Math.imul(id, 2_654_435_761) >>> 0}',NULL,'${id % 7}')`;
  });
}

const statementsOf = (rows: readonly string[]): string[] =>
  stored(dumpOf(new Map([['`t`', rows]]), 300, '\n')).text.split('\nINSERT INTO ');

test('a row that comes or goes changes the statement that it is in, and no other', () => {
  const rows = numbered(0, 10_000);
  const before = new Set(statementsOf(rows));
  assert.ok(before.size > 10, `${before.size} statements`);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: rows.length - 2 }), row, (at, added) => {
      for (const changed of [rows.toSpliced(at, 0, added), rows.toSpliced(at, 1), rows.with(at, added)]) {
        const fresh = statementsOf(changed).filter((statement) => !before.has(statement));
        assert.ok(fresh.length <= 2, `${fresh.length} new statements`);
      }
    }),
    { numRuns: 10 },
  );
});

test('statements are some 16 KiB long, and never much longer than 128 KiB, whatever the rows are', () => {
  const lengths = statementsOf(numbered(0, 50_000)).map((text) => text.length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  assert.ok(mean > 8192 && mean < 32_768, `${mean}`);
  const equal = statementsOf(Array.from({ length: 10_000 }, () => "('always the same row, without a key')"));
  for (const text of equal) assert.ok(text.length < 140_000);
  const long = statementsOf(Array.from({ length: 20 }, (_, index) => `('${String(index).repeat(200_000)}')`));
  assert.equal(long.length, 21, 'a row that is longer has a statement of its own');
});
