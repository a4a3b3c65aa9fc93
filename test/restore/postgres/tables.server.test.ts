import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { failureOf } from '../../failure-of.ts';
import { postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute } from '../../sources/postgres/sample.ts';
import {
  type Backup,
  backUp,
  onlyDatabase,
  planned,
  prepared,
  type Restoring,
  restoreBeside,
  restoreInPlace,
} from './round-trip.ts';

/** A shop whose orders hang on customers, and lines on orders. */
const schema = `
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamped := true; RETURN NEW; END $$;
CREATE TABLE shop.customer (id int PRIMARY KEY, name text);
CREATE TABLE shop."order" (id serial PRIMARY KEY, customer int NOT NULL REFERENCES shop.customer,
  state shop.state NOT NULL DEFAULT 'new', note text CHECK (note <> ''), twice int GENERATED ALWAYS AS (customer * 2) STORED,
  stamped boolean);
CREATE INDEX order_note_idx ON shop."order" (note);
CREATE STATISTICS shop.order_stat ON customer, note FROM shop."order";
CREATE TRIGGER stamp BEFORE INSERT ON shop."order" FOR EACH ROW EXECUTE FUNCTION shop.stamp();
CREATE TABLE shop.line ("order" int NOT NULL REFERENCES shop."order" ON DELETE CASCADE, n int);
CREATE TABLE shop.event (at int, what text) PARTITION BY RANGE (at);
CREATE TABLE shop.event_1 PARTITION OF shop.event FOR VALUES FROM (0) TO (10);
CREATE TABLE shop.event_2 PARTITION OF shop.event FOR VALUES FROM (10) TO (20);
CREATE INDEX event_what ON shop.event (what);
COMMENT ON TABLE shop."order" IS 'orders; "quoted"';
INSERT INTO shop.customer SELECT g, 'c' || g FROM generate_series(1, 10) AS g;
INSERT INTO shop."order" (customer, note) SELECT 1 + g % 10, 'good ' || g FROM generate_series(1, 100) AS g;
INSERT INTO shop.line SELECT 1 + g % 100, g FROM generate_series(1, 300) AS g;
INSERT INTO shop.event SELECT g % 20, 'good ' || g FROM generate_series(1, 40) AS g;
`;
const damage = `UPDATE shop."order" SET note = 'bad'; UPDATE shop.event SET what = 'bad'`;

interface Shop {
  readonly server: SharedPostgres;
  readonly name: string;
  readonly backup: Backup;
  readonly at: ReturnType<typeof connectionTo>;
}

/** A shop that was backed up, and then damaged. */
async function shop(t: TestContext, more = '', major: 15 | 17 | 18 = 17): Promise<Shop> {
  const server = await postgresServer(major);
  const name = await prepared(t, server, `${schema}${more}`);
  const backup = await backUp(t, server, name);
  const at = connectionTo(server, name);
  await execute(at, damage);
  return { server, name, backup, at };
}

async function plannedTables(t: TestContext, { server, backup, name }: Shop, tables: readonly string[]) {
  return await planned(t, server, backup, { target: name, tables });
}

const bad = `SELECT count(*) FROM shop."order" WHERE note = 'bad'`;
const keys = `SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint
  WHERE contype = 'f' AND conparentid = 0 ORDER BY 1`;
const schemas = `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shop%' ORDER BY 1`;

for (const major of [15, 17, 18] as const) {
  test(`a table of a database of PostgreSQL ${major} in use is replaced alone, with all that belongs to it`, async (t) => {
    const place = await shop(t, '', major);
    const { at } = place;
    await execute(at, 'INSERT INTO shop.customer VALUES (11, $$later$$)');
    const restoring = await plannedTables(t, place, ['shop.order']);
    const { checks } = await restoreBeside(restoring);
    assert.deepEqual(
      checks.filter(({ passed }) => !passed),
      [],
    );
    assert.match(checks[0]?.detail ?? '', /^100 rows, content equal$/);
    assert.deepEqual(await column(at, bad), ['100'], 'the old table is in place until the swap');
    await restoring.restorer.swap(restoring.plan, restoring.work);
    await restoring.restorer.swap(restoring.plan, restoring.work);
    assert.deepEqual(await column(at, bad), ['0']);
    assert.deepEqual(await column(at, keys), ['shop."order" shop.customer', 'shop.line shop."order"']);
    assert.deepEqual(await column(at, 'SELECT count(*) FROM shop.customer'), ['11'], 'other tables stay');
    await execute(at, `INSERT INTO shop."order" (customer) VALUES (11)`);
    assert.deepEqual(
      await column(at, `SELECT id || ' ' || stamped || ' ' || twice FROM shop."order" WHERE customer = 11`),
      ['101 true 22'],
    );
    assert.deepEqual(await column(at, `SELECT obj_description('shop."order"'::regclass)`), [
      'orders; "quoted"',
    ]);
    assert.deepEqual(
      await column(
        at,
        `SELECT stxnamespace::regnamespace FROM pg_statistic_ext WHERE stxrelid = 'shop."order"'::regclass`,
      ),
      ['shop'],
    );
    // What is kept aside binds nobody: the customers of its rows may go.
    await execute(at, 'DELETE FROM shop.line; DELETE FROM shop."order"; DELETE FROM shop.customer');
    const kept = onlyDatabase(restoring.plan).replaced;
    assert.deepEqual(await column(at, schemas), ['shop', kept]);
    assert.deepEqual(await column(at, `SELECT count(*) FROM "${kept}"."order" WHERE note = 'bad'`), ['100']);
    await restoring.restorer.dropReplaced(restoring.plan, restoring.work);
    assert.deepEqual(await column(at, schemas), ['shop']);
  });
}

test('replaced tables are put back as they were, with the keys that they had', async (t) => {
  const place = await shop(t);
  const { at } = place;
  const restoring = await plannedTables(t, place, ['order', 'event']);
  await restoreInPlace(restoring);
  assert.deepEqual(await column(at, `SELECT count(*) FROM shop.event WHERE what = 'bad'`), ['0']);
  const { restorer, plan, work } = restoring;
  await restorer.rollBack(plan, work);
  await restorer.rollBack(plan, work);
  await restorer.discard(plan, work);
  assert.deepEqual(await column(at, bad), ['100']);
  assert.deepEqual(await column(at, `SELECT count(*) FROM shop.event_2 WHERE what = 'bad'`), ['20']);
  assert.deepEqual(await column(at, keys), ['shop."order" shop.customer', 'shop.line shop."order"']);
  assert.deepEqual(await column(at, schemas), ['shop']);
});

test('a dropped table comes back with the type and the function that it needs', async (t) => {
  const place = await shop(t);
  const { at } = place;
  await execute(at, 'DROP TABLE shop."order" CASCADE; DROP TYPE shop.state; DROP FUNCTION shop.stamp()');
  const restoring = await plannedTables(t, place, ['shop.order']);
  assert.equal(onlyDatabase(restoring.plan).replaced, undefined);
  await restoreBeside(restoring);
  const { restorer, plan, work } = restoring;
  await restorer.discard(plan, work);
  assert.deepEqual(await column(at, `SELECT to_regtype('shop.state')`), ['null'], 'nothing stays of it');
  await restoreInPlace(restoring);
  assert.deepEqual(await column(at, bad), ['0']);
  await execute(at, `INSERT INTO shop."order" (customer) VALUES (1)`);
  assert.deepEqual(await column(at, schemas), ['shop']);
});

test('whatever would go on using the old tables is named before anything is made', async (t) => {
  const place = await shop(
    t,
    `CREATE VIEW shop.open AS SELECT * FROM shop."order"; CREATE PUBLICATION p_${process.pid} FOR TABLE shop."order";
     CREATE FUNCTION shop.first() RETURNS shop."order" LANGUAGE sql AS 'SELECT NULL::shop."order"';
     CREATE TABLE shop.parent (a int); CREATE TABLE shop.child () INHERITS (shop.parent)`,
  );
  const { blockers } = (await plannedTables(t, place, ['order'])).plan;
  for (const what of [/view shop\.open/, /publication p_/, /function shop\.first\(\)/]) {
    assert.ok(
      blockers.some((blocker) => what.test(blocker)),
      `${what} in ${blockers.join('\n')}`,
    );
  }
  const child = (await plannedTables(t, place, ['child'])).plan.blockers.join();
  assert.match(child, /The table shop\.child is a part of shop\.parent\. Choose that table too/);
  const partition = (await plannedTables(t, place, ['event_1'])).plan.blockers.join();
  assert.match(partition, /shop\.event_1 is a part of shop\.event/);
});

test('a view that was made while tables were restored keeps them from changing places', async (t) => {
  const place = await shop(t);
  const restoring = await plannedTables(t, place, ['order']);
  await restoreBeside(restoring);
  await execute(place.at, 'CREATE VIEW shop.late AS SELECT * FROM shop."order"');
  const { restorer, plan, work } = restoring;
  const { message } = await failureOf(restorer.swap(plan, work), 'TargetConflict');
  assert.match(message, /view shop\.late would go on using the old ones/);
  assert.deepEqual(await column(place.at, bad), ['100']);
  await restorer.discard(plan, work);
  assert.deepEqual(await column(place.at, schemas), ['shop']);
});

test('rows of other tables that the restored ones do not fit leave everything as it was', async (t) => {
  const place = await shop(t);
  await execute(
    place.at,
    `INSERT INTO shop."order" (id, customer) VALUES (5000, 1); INSERT INTO shop.line VALUES (5000, 1)`,
  );
  const restoring = await plannedTables(t, place, ['order']);
  await restoreBeside(restoring);
  const { message } = await failureOf(
    restoring.restorer.swap(restoring.plan, restoring.work),
    'TargetConflict',
  );
  assert.match(message, /violates foreign key constraint "line_order_fkey"/);
  assert.deepEqual(await column(place.at, bad), ['100']);
  assert.deepEqual(await column(place.at, keys), ['shop."order" shop.customer', 'shop.line shop."order"']);
});

test('a session that holds the old table is waited for, then ended', async (t) => {
  const place = await shop(t);
  const restoring: Restoring = await plannedTables(t, place, ['order']);
  await restoreBeside(restoring);
  const holder = execute(place.at, 'BEGIN; SELECT count(*) FROM shop."order"; SELECT pg_sleep(600)');
  holder.catch(() => {});
  const told: string[] = [];
  const work = {
    ...restoring.work,
    onProgress: ({ current = '' }) => void told.push(current),
  };
  await restoring.restorer.swap(restoring.plan, work);
  assert.match(told.join('\n'), /waiting for pid \d+ of postgres \(active\)/);
  await assert.rejects(holder);
  assert.deepEqual(await column(place.at, bad), ['0']);
});

test('tables with the oddest names change places, too', async (t) => {
  const odd = `ta'ble\nwith "a" line; --clean`;
  const quoted = `"${odd.replaceAll('"', '""')}"`;
  const place = await shop(
    t,
    `CREATE SCHEMA "--help ""x"""; CREATE TABLE "--help ""x""".${quoted} ("co;l" serial PRIMARY KEY, "--x" text);
     INSERT INTO "--help ""x""".${quoted} ("--x") VALUES ('good'), (E'\\\\.')`,
  );
  const at = `"--help ""x""".${quoted}`;
  await execute(place.at, `UPDATE ${at} SET "--x" = 'bad'`);
  const restoring = await plannedTables(t, place, [`--help "x".${odd}`]);
  await restoreInPlace(restoring);
  assert.deepEqual(await column(place.at, `SELECT "--x" FROM ${at} ORDER BY 1`), ['\\.', 'good']);
  const { restorer, plan, work } = restoring;
  await restorer.rollBack(plan, work);
  await restorer.discard(plan, work);
  assert.deepEqual(await column(place.at, `SELECT DISTINCT "--x" FROM ${at}`), ['bad']);
});
