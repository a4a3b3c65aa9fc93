import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import pg from 'pg';
import { dropLeftOvers } from '../../../restore/postgres/left-overs.ts';
import { Secret } from '../../../secrets/secret.ts';
import { besideNames } from '../../../sources/beside-names.ts';
import { parsePostgresUrl } from '../../../sources/postgres/connection.ts';
import { connectionUrl, postgresServer } from '../../servers/postgres.ts';

const signal = new AbortController().signal;
const before = new Date('2021-01-01T00:00:00Z');

test('old unfinished databases of restores are dropped, and nothing else', async (t) => {
  const url = connectionUrl(await postgresServer(17), 'postgres');
  const target = `shop_${randomBytes(4).toString('hex')}`;
  const names = (startedAt: string, runId: string) => besideNames(target, { runId, startedAt }, 63);
  const old = names('2020-06-01T02:03:04.000Z', 'a');
  const inUse = names('2020-06-01T02:03:04.000Z', 'b').beside;
  const young = names('2021-06-01T02:03:04.000Z', 'c').beside;
  const all = [old.beside, old.replaced, inUse, young, `${target}__restore_me`];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.after(async () => {
    for (const name of all) await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    await client.end();
  });
  for (const name of all) await client.query(`CREATE DATABASE "${name}"`);
  const user = new pg.Client({ connectionString: url.replace(/\/postgres$/, `/${inUse}`) });
  user.on('error', () => undefined);
  await user.connect();
  t.after(() => user.end());

  // Tables of a restore into a database in use that never changed places, and those of a younger one.
  await user.query(`CREATE SCHEMA "${old.beside}" CREATE TABLE item (id int); CREATE SCHEMA "${young}"`);

  const connection = parsePostgresUrl(new Secret(url));
  const dropped = await dropLeftOvers(connection, { before, signal });
  assert.deepEqual(
    dropped.filter((name) => name.startsWith(target)),
    [old.beside, `${inUse}.${old.beside}`],
  );
  const schemas = await user.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shop%'`);
  assert.deepEqual(schemas.rows, [{ nspname: young }]);
  const { rows } = await client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
    target,
  ]);
  assert.deepEqual(
    rows.map(({ datname }) => datname).toSorted(),
    all.filter((name) => name !== old.beside).toSorted(),
  );
});
