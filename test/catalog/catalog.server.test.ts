import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCatalog } from '../../catalog/catalog.ts';
import { isFailure } from '../../contracts/failures.ts';
import { Secret } from '../../secrets/secret.ts';
import { connectionUrl, createDatabase, postgresServer } from '../servers/postgres.ts';
import { catalogBehaves, finish, start } from './behaviour.ts';

for (const major of [15, 18] as const) {
  catalogBehaves(`PostgreSQL ${major}`, async (t) => {
    const database = await createDatabase(await postgresServer(major), 'catalog');
    const catalog = await openCatalog({ kind: 'postgres', url: new Secret(database.url) });
    t.after(async () => {
      await catalog.close();
      await database.drop();
    });
    return catalog;
  });
}

test('PostgreSQL: several processes that start at once make the tables once, and count each run once', async (t) => {
  const database = await createDatabase(await postgresServer(18), 'catalog');
  t.after(() => database.drop());
  const url = new Secret(database.url);
  const catalogs = await Promise.all(
    Array.from({ length: 4 }, () => openCatalog({ kind: 'postgres', url, schema: 'other schema' })),
  );
  t.after(() => Promise.all(catalogs.map((catalog) => catalog.close())));
  const runs = Array.from({ length: 20 }, (_, index) =>
    finish(
      start(`source-${index % 5}`, `r${index}`, `2026-11-01T02:00:${index + 10}Z`),
      'done',
      '2026-11-02T00:00:00Z',
    ),
  );
  await Promise.all(catalogs.flatMap((catalog) => runs.map((run) => catalog.recordRunFinished(run))));
  assert.equal((await catalogs[0]?.totals())?.[0]?.runs, 20);
});

test('PostgreSQL: a server that is away, a wrong password and a missing right are told apart', async (t) => {
  const server = await postgresServer(18);
  const database = await createDatabase(server, 'catalog');
  t.after(() => database.drop());
  const open = (url: string) => openCatalog({ kind: 'postgres', url: new Secret(url) });
  await assert.rejects(open('postgresql://u:canary@127.0.0.1:1/x'), (error) =>
    isFailure(error, 'CatalogUnavailable'),
  );
  const wrong = new URL(connectionUrl(server, database.name));
  wrong.password = 'canary';
  await assert.rejects(open(wrong.href), (error) => {
    assert.ok(isFailure(error, 'CatalogUnwritable'));
    assert.match(error.advice, /connection/);
    assert.ok(!JSON.stringify([error.message, error.advice]).includes('canary'));
    return true;
  });
});
