import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InsertStatements } from '../../../sources/mysql/insert-statements.ts';
import { insertHead, RowMeasure } from '../../../sources/mysql/rows.ts';
import { StatementSplitter } from '../../../sources/mysql/statements.ts';

/** The dump that is stored of one that a program has made. */
function stored(dump: string): { text: string; rows: RowMeasure } {
  const splitter = new StatementSplitter();
  const statements = new InsertStatements();
  const parts: Buffer[] = [];
  for (const piece of splitter.feed(Buffer.from(dump))) statements.add(piece);
  parts.push(Buffer.from(statements.take()));
  const ending = splitter.finish();
  let next = ending.next();
  for (; next.done !== true; next = ending.next()) statements.add(next.value);
  assert.equal(next.value, undefined);
  return { text: Buffer.concat([...parts, statements.take()]).toString(), rows: statements.rows };
}

/** All rows of a dump in their order. */
function rowsIn(dump: string): string[] {
  const rows: string[] = [];
  for (const { text } of new StatementSplitter().feed(Buffer.from(dump))) {
    const head = insertHead(text);
    if (head === undefined) continue;
    new RowMeasure().add(text, head, ({ start, end }) => rows.push(text.toString('utf8', start, end)));
  }
  return rows;
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
    fc.property(tables, fc.integer({ min: 1, max: 9 }), (content, size) => {
      const one = stored(dumpOf(content, size, '\n'));
      assert.equal(one.text, stored(dumpOf(content, size + 1, ' ')).text, 'MariaDB and MySQL alike');
      assert.equal(one.text, stored(one.text).text, 'it is its own');
      const whole = stored(dumpOf(content, 1, '\n'));
      for (const table of content.keys()) {
        const plain = table.slice(1, -1).replaceAll('``', '`');
        assert.deepEqual(one.rows.of(plain), whole.rows.of(plain));
        assert.equal(one.rows.of(plain).rows, content.get(table)?.length);
      }
      assert.deepEqual(rowsIn(one.text), [...content.values()].flat());
    }),
  );
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
