import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareDatabases } from '../../demo/compare-databases.ts';
import { withClient } from '../../demo/shop/fill.ts';
import { Secret } from '../../secrets/secret.ts';
import { createDatabase, postgresServer } from '../servers/postgres.ts';

const original = `
  CREATE SEQUENCE number START 5;
  CREATE TABLE thing (id integer PRIMARY KEY, size real, data jsonb, picture bytea);
  INSERT INTO thing SELECT n, n / 7.0::real, jsonb_build_object('n', n), decode(md5(n::text), 'hex') FROM generate_series(1, 100) n;
  CREATE INDEX thing_size ON thing (size);
  CREATE VIEW large AS SELECT id FROM thing WHERE size > 7;
`;

const changes: readonly (readonly [string, string, RegExp])[] = [
  ['one value', "UPDATE thing SET data = '{}' WHERE id = 50", /table public\.thing differs/],
  ['a row that is missing', 'DELETE FROM thing WHERE id = 50', /table public\.thing differs.*100.*99/],
  [
    'the last digit of a float',
    'UPDATE thing SET size = size + 1e-6 WHERE id = 3',
    /table public\.thing differs/,
  ],
  ['a table too many', 'CREATE TABLE other ()', /table public\.other is not in the original/],
  ['a sequence', "SELECT nextval('number')", /object sequence public\.number differs/],
  ['an index that is missing', 'DROP INDEX thing_size', /object index public\.thing_size is missing/],
  [
    'a view',
    'CREATE OR REPLACE VIEW large AS SELECT id FROM thing WHERE size > 8',
    /object view public\.large differs/,
  ],
  [
    'a constraint that is missing',
    'ALTER TABLE thing DROP CONSTRAINT thing_pkey',
    /object constraint .* is missing/,
  ],
];

test('the comparison of databases finds each kind of difference, and none between equals', async (t) => {
  const server = await postgresServer(17);
  const databases = [await createDatabase(server), await createDatabase(server)];
  t.after(() => Promise.all(databases.map((database) => database.drop())));
  const [left = new Secret(''), right = new Secret('')] = databases.map(({ url }) => new Secret(url));
  for (const url of [left, right]) await withClient(url, (client) => client.query(original));
  const equal = await compareDatabases(left, right);
  assert.deepEqual(equal.differences, []);
  assert.equal(equal.rows, 100);

  for (const [what, change, expected] of changes) {
    await withClient(right, (client) => client.query(change));
    const { differences } = await compareDatabases(left, right);
    assert.match(differences.join('\n'), expected, what);
    await withClient(right, async (client) => {
      await client.query('DROP SCHEMA public CASCADE');
      await client.query('CREATE SCHEMA public');
      await client.query(original);
    });
  }
});
