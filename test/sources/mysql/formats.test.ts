import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../../secrets/secret.ts';
import { describeServer, parseMysqlUrl } from '../../../sources/mysql/connection.ts';
import { missingRights } from '../../../sources/mysql/rights.ts';
import { StatementSplitter } from '../../../sources/mysql/statements.ts';
import { NamePatterns } from '../../../sources/name-patterns.ts';

interface Piece {
  readonly kind: string;
  readonly text: string;
}

/** The pieces of a dump that comes in chunks of a size, and its bytes put together again. */
function split(
  dump: string,
  chunkSize: number,
): { pieces: Piece[]; whole: string; rest: string | undefined } {
  const bytes = Buffer.from(dump);
  const splitter = new StatementSplitter();
  const pieces: Piece[] = [];
  const parts: Buffer[] = [];
  const add = (piece: { kind: string; text: Buffer; bytes: Buffer }): void => {
    pieces.push({ kind: piece.kind, text: piece.text.toString() });
    parts.push(Buffer.from(piece.bytes));
  };
  for (let offset = 0; offset < bytes.length; offset += chunkSize) {
    for (const piece of splitter.feed(bytes.subarray(offset, offset + chunkSize))) add(piece);
  }
  const ending = splitter.finish();
  let next = ending.next();
  for (; next.done !== true; next = ending.next()) add(next.value);
  return { pieces, whole: Buffer.concat(parts).toString(), rest: next.value?.toString() };
}

const literal = fc.string({ unit: 'binary' }).map((text) => `'${text.replace(/[\\']/g, '\\$&')}'`);
const name = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `\`${text.replaceAll('`', '``')}\``);

test('a dump is split into its statements, whatever their strings and names hold, and loses no byte', () => {
  const statement = fc
    .tuple(name, fc.array(fc.oneof(literal, fc.constantFrom('NULL', '1.5', '0x00FF')), { minLength: 1 }))
    .map(([table, values]) => `INSERT INTO ${table} VALUES (${values.join(',')})`);
  fc.assert(
    fc.property(fc.array(statement), fc.integer({ min: 1, max: 40 }), (statements, chunkSize) => {
      const dump = statements.map((text) => `${text};\n`).join('');
      const { pieces, whole, rest } = split(dump, chunkSize);
      assert.deepEqual(
        pieces.map(({ text }) => text),
        statements,
      );
      assert.equal(whole, dump.trimEnd());
      assert.equal(rest, undefined);
    }),
  );
});

test('bodies with semicolons, comments and lines for the client are told apart', () => {
  const dump = `/*M!999999\\- enable the sandbox mode */ 
-- it's a comment; with a quote
/*!40101 SET NAMES utf8mb4 */;
/* plain ; ' */
DELIMITER ;;
CREATE PROCEDURE p() BEGIN SELECT 'a;;b'; -- it's; here
 SELECT "x"; /* no; ' */ END ;;
DELIMITER ;
SELECT 1 -- trailing ; '
;
-- Dump completed`;
  for (const chunkSize of [1, 7, 4096]) {
    const { pieces, whole } = split(dump, chunkSize);
    assert.equal(whole, dump);
    assert.deepEqual(
      pieces.map(({ kind, text }) => `${kind}: ${text.trim()}`),
      [
        'command: /*M!999999\\- enable the sandbox mode */',
        "comment: -- it's a comment; with a quote",
        'statement: /*!40101 SET NAMES utf8mb4 */',
        "comment: /* plain ; ' */",
        'command: DELIMITER ;;',
        "statement: CREATE PROCEDURE p() BEGIN SELECT 'a;;b'; -- it's; here\n SELECT \"x\"; /* no; ' */ END",
        'command: DELIMITER ;',
        "statement: SELECT 1 -- trailing ; '",
        'comment: -- Dump completed',
      ],
    );
  }
});

test('a statement without an end is told', () => {
  assert.equal(split("INSERT INTO `t` VALUES ('cut", 5).rest, "INSERT INTO `t` VALUES ('cut");
});

test('a connection URL is understood, and what is wrong with it told without repeating it', () => {
  const { password, ...rest } = parseMysqlUrl(
    new Secret('mysql://back%40up:p%3A%2F@[::1]:3307/shop?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem'),
  );
  assert.deepEqual(rest, {
    host: '::1',
    port: 3307,
    user: 'back@up',
    sslMode: 'verify-full',
    sslRootCertificate: '/ca.pem',
  });
  assert.equal(password?.reveal(), 'p:/');
  assert.equal(describeServer(parseMysqlUrl(new Secret('mariadb://u@h'))), 'h:3306');
  assert.equal(parseMysqlUrl(new Secret('mysql://u@localhost/?socket=/run/my.sock')).host, '/run/my.sock');
  for (const url of [
    'mysql://canary@h?x=1',
    'mysql://h',
    'mysql://canary:a%zz@h',
    'mysql://canary@h:99999',
    'x',
  ]) {
    assert.throws(
      () => parseMysqlUrl(new Secret(url)),
      (error: Error) => /cannot be used: /.test(error.message) && !/canary/.test(error.message),
    );
  }
});

test('rights are looked for in all that the server grants', () => {
  const all = 'SELECT, SHOW VIEW, TRIGGER, EVENT';
  assert.deepEqual(missingRights([`GRANT ${all} ON *.* TO \`b\`@\`%\``], 'shop'), []);
  assert.deepEqual(missingRights(['GRANT ALL PRIVILEGES ON `sh\\_op`.* TO `b`@`%`'], 'sh_op'), []);
  assert.deepEqual(missingRights(['GRANT ALL PRIVILEGES ON `sh\\_op`.* TO `b`@`%`'], 'shxop').length, 4);
  assert.deepEqual(
    missingRights(['GRANT USAGE ON *.* TO `b`', `GRANT ${all} ON \`sh%\`.* TO \`b\``], 'shop'),
    [],
  );
  assert.deepEqual(missingRights(['GRANT SELECT, SHOW VIEW ON *.* TO `b`'], 'shop'), ['TRIGGER', 'EVENT']);
  assert.deepEqual(missingRights(['GRANT USAGE ON *.* TO `b`', 'GRANT `reader`@`%` TO `b`'], 'shop'), []);
});

test('patterns match whole names', () => {
  const patterns = new NamePatterns(['test_*', 'shop.log?', 'a+b']);
  assert.deepEqual(
    ['test_', 'test_1', 'my_test_1', 'shop.log1', 'shopxlog1', 'a+b', 'aab'].filter((one) =>
      patterns.matches(one),
    ),
    ['test_', 'test_1', 'shop.log1', 'a+b'],
  );
});
