import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MysqlConnection } from '../../../sources/mysql/connection.ts';
import { createMysqlSource, type MysqlSourceOptions } from '../../../sources/mysql/source.ts';
import type { Source } from '../../../sources/source.ts';
import type { TestScope } from '../../repository/temporary-folder.ts';
import { createDatabase, execute, type SharedMariadb } from '../../servers/scoped-mariadb.ts';

export const never = new AbortController().signal;

export function connectionTo({ host, port, user }: SharedMariadb): MysqlConnection {
  return { host, port, user };
}

export function sourceOf(
  t: TestScope,
  server: SharedMariadb,
  options: Partial<MysqlSourceOptions> = {},
): Source {
  const { binDir } = server;
  const source = createMysqlSource({ name: 'sample', connection: connectionTo(server), binDir, ...options });
  t.after(() => source.close());
  return source;
}

/** A database with the statements run in it, removed after the test. */
export async function prepared(
  t: TestScope,
  server: SharedMariadb,
  statements: readonly string[],
): Promise<string> {
  const database = await createDatabase(server);
  t.after(() => database.drop());
  await execute(server, statements, database.name);
  return database.name;
}

/** A name with all that means something to a shell, to SQL, to options or to lines. */
export const nastyName = '--opt`ion "x" \'y\' $(id)\nz';

/** One of each kind of object, and values that look like something else. */
export const sampleStatements: readonly string[] = [
  `CREATE TABLE customer (id int PRIMARY KEY AUTO_INCREMENT, name varchar(100) NOT NULL UNIQUE, note text, picture blob,
     ratio double, amount decimal(10,3), flags bit(5), details json, grade enum('a','b'), at datetime(6), place point,
     fixed binary(4))`,
  `INSERT INTO customer (name, note, picture, ratio, amount, flags, details, grade, at, place, fixed) VALUES
     ('O''Brien "x" \\\\ ü 😀', 'line1\\nline2\\r\\t;-- ),(', x'00ff27', 1e300, 1.234, b'101', '{"a":1}', 'a',
      '2020-01-01 00:00:00.123456', POINT(1, 2), x'01020300'),
     (',(''', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  'CREATE TABLE `we``ird "n\' -- x\ny` (id int, v varchar(10))',
  "INSERT INTO `we``ird \"n' -- x\ny` VALUES (1, 'a'), (1, 'a')",
  `CREATE TABLE item (id int PRIMARY KEY, customer int, price int, twice int AS (price * 2) STORED,
     CONSTRAINT belongs FOREIGN KEY (customer) REFERENCES customer (id))`,
  'INSERT INTO item (id, customer, price) VALUES (1, 1, 10), (2, 1, 20)',
  'CREATE TABLE audit (what varchar(100))',
  `CREATE TRIGGER item_added AFTER INSERT ON item FOR EACH ROW
     BEGIN INSERT INTO audit VALUES (concat('added;', NEW.id)); END`,
  'CREATE FUNCTION doubled(x int) RETURNS int DETERMINISTIC BEGIN RETURN x * 2; END',
  "CREATE PROCEDURE look(IN x int) BEGIN SELECT x; SELECT 'a;b'; END",
  'CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM audit; END',
  'CREATE VIEW priced AS SELECT id, doubled(price) AS price FROM item',
  'CREATE VIEW all_priced AS SELECT * FROM priced',
];

/** A query for the column `number`, from 1 to at most 10,000. */
export function numbersTo(count: number): string {
  const digits =
    '(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';
  return `SELECT number FROM (SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS number
    FROM ${digits} AS a, ${digits} AS b, ${digits} AS c, ${digits} AS e) AS all_numbers WHERE number <= ${count}`;
}

/** 4 MB, more than pipes and buffers hold. */
export const largeStatements: readonly string[] = [
  'CREATE TABLE big (id int PRIMARY KEY, content text)',
  `INSERT INTO big SELECT number, repeat(sha2(number, 256), 15) FROM (${numbersTo(4000)}) AS numbers`,
];

export const isDump = (name: string): boolean => name.endsWith('.sql') && name !== 'users.sql';

/** A program in place of `mariadb-dump`, which has the real one as "$REAL". */
export async function dumpProgram(t: TestScope, server: SharedMariadb, script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mariadb-dump-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, 'mariadb-dump');
  await writeFile(
    program,
    `#!/bin/sh\nREAL=${server.binDir}/mariadb-dump\ncase "$*" in *--version*) exec "$REAL" "$@";; esac\n${script}\n`,
  );
  await chmod(program, 0o755);
  return folder;
}
