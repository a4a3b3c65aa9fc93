import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { failureOf } from '../../failure-of.ts';
import { postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, sampleSchema } from '../../sources/postgres/sample.ts';
import { backUp, onlyDatabase, planned, prepared, restoreInPlace, targetOf } from './round-trip.ts';

/** Every table in a program of its own, as far as there are programs. */
const parallel = { largeTableBytes: 1, jobs: 3 };

for (const major of [15, 17, 18] as const) {
  test(`a database of PostgreSQL ${major} that several programs have dumped comes back whole`, async (t) => {
    const server = await postgresServer(major);
    const backup = await backUp(t, server, await prepared(t, server, sampleSchema), parallel);
    const { checks } = await restoreInPlace(await planned(t, server, backup));
    const lines = checks.map(({ subject, detail }) => `${subject}: ${detail}`);
    assert.ok(lines.includes('shop.customer: 2000 rows, content equal'), lines.join('\n'));
    assert.ok(lines.includes('"od d\\"ity"."ta\'ble\\nwith a line": 4 rows, content equal'));
    assert.ok(lines.includes('large objects: 3 with 9588608 bytes, content equal'));
  });
}

test('a load that died goes on with the tables and indexes that are missing', async (t) => {
  const server = await postgresServer(17);
  const backup = await backUp(t, server, await prepared(t, server, sampleSchema));
  const { restorer, plan, work } = await planned(t, server, backup);
  const database = onlyDatabase(plan);
  const at = connectionTo(server, database.beside);
  for (const section of database.sections) await restorer.load({ database, section }, plan, work);
  // As if the rows of one table and the index of another had not come yet.
  await execute(at, 'TRUNCATE shop.event; DROP INDEX shop.order_placed_idx');
  const kept = "SELECT relfilenode FROM pg_class WHERE relname = 'customer_pkey'";
  const before = await column(at, kept);
  for (const section of ['data', 'post-data']) await restorer.load({ database, section }, plan, work);
  assert.deepEqual(await column(at, kept), before, 'an index that was there is not built again');
  await restorer.finish(database, plan, work);
  const checks = await restorer.compare(database, plan, work);
  assert.deepEqual(
    checks.filter(({ passed }) => !passed),
    [],
  );
});

test('chosen tables come with what they need and what belongs to them, and with nothing else', async (t) => {
  const server = await postgresServer(17);
  const backup = await backUp(t, server, await prepared(t, server, sampleSchema));
  const restoring = await planned(t, server, backup, { tables: ['shop.order'] });
  assert.match(
    restoring.plan.warnings[0]?.message ?? '',
    /^The foreign key shop\.order order_customer_fkey is/,
  );
  const { checks } = await restoreInPlace(restoring);
  assert.deepEqual(
    checks.map(({ subject, detail }) => `${subject}: ${detail}`),
    ['shop.order: 5000 rows, content equal', 'large objects: 0 with 0 bytes, content equal'],
  );
  const at = connectionTo(server, targetOf(restoring));
  assert.deepEqual(await column(at, "SELECT typname FROM pg_type WHERE typname IN ('state', 'customer')"), [
    'state',
  ]);
  await execute(at, `INSERT INTO shop."order" (customer, state, total, placed) VALUES (1, 'new', 1, now())`);

  const both = await planned(t, server, backup, { tables: ['shop.order', 'customer'] });
  assert.deepEqual(both.plan.warnings, []);
  await restoreInPlace(both);
  const bothAt = connectionTo(server, targetOf(both));
  assert.deepEqual(await column(bothAt, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), ['1']);
  assert.deepEqual(await column(bothAt, 'SELECT tgname FROM pg_trigger WHERE NOT tgisinternal'), ['stamp']);
});

test('a table that the snapshot does not have is refused with those that it has', async (t) => {
  const server = await postgresServer(17);
  const backup = await backUp(t, server, await prepared(t, server, 'CREATE TABLE item (id int)'));
  const { advice } = await failureOf(planned(t, server, backup, { tables: ['nothing'] }), 'InvalidInput');
  assert.equal(advice, 'It holds public.item.');
});

test('everything belongs to another owner, extensions and the database included', async (t) => {
  const server = await postgresServer(17);
  const backup = await backUp(t, server, await prepared(t, server, sampleSchema));
  const owner = await roleFor(t, server);
  const restoring = await planned(t, server, backup, { owner });
  await restoreInPlace(restoring);
  const at = connectionTo(server, targetOf(restoring));
  const owners = `SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname = 'shop' UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()`;
  assert.deepEqual(await column(at, owners), [owner]);
  assert.deepEqual(await column(at, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'resguardo%'"), []);
  await execute(connectionTo(server), `DROP DATABASE "${targetOf(restoring)}" WITH (FORCE)`);
});

test('roles are called otherwise at the target: as owners, in rights and in policies', async (t) => {
  const server = await postgresServer(17);
  const [old, reader] = [await roleFor(t, server, 'old'), await roleFor(t, server, 'rea"der')];
  const name = await prepared(
    t,
    server,
    `CREATE TABLE item (id int); ALTER TABLE item OWNER TO ${old}; GRANT SELECT ON item TO "${reader.replace('"', '""')}";
     ALTER TABLE item ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON item TO ${old}, "${reader.replace('"', '""')}" USING (true)`,
  );
  const backup = await backUp(t, server, name);
  const [owner, other] = [await roleFor(t, server, 'new'), await roleFor(t, server, 'to')];
  const mapRoles = { [old]: owner, [reader]: other };
  const restoring = await planned(t, server, backup, { mapRoles });
  const { warnings } = await restoreInPlace(restoring);
  assert.deepEqual(warnings, []);
  const at = connectionTo(server, targetOf(restoring));
  assert.deepEqual(await column(at, `SELECT relowner::regrole FROM pg_class WHERE relname = 'item'`), [
    owner,
  ]);
  assert.deepEqual(await column(at, `SELECT has_table_privilege('${other}', 'public.item', 'SELECT')`), [
    'true',
  ]);
  assert.deepEqual(await column(at, 'SELECT polroles::regrole[] FROM pg_policy'), [`{${owner},${other}}`]);
  await execute(connectionTo(server), `DROP DATABASE "${targetOf(restoring)}" WITH (FORCE)`);
  const wrong = planned(t, server, backup, { mapRoles: { nobody: owner } });
  assert.match((await failureOf(wrong, 'InvalidInput')).message, /knows no role "nobody"/);
  const missing = await planned(t, server, backup, { mapRoles: { [old]: 'no such role' } });
  assert.match(missing.plan.warnings[0]?.message ?? '', /these owners are missing: no such role/);
  // Before its roles.
  await execute(connectionTo(server), `DROP DATABASE "${name}" WITH (FORCE)`);
});

test('an owner that the target does not have is told before anything is made', async (t) => {
  const server = await postgresServer(17);
  const backup = await backUp(t, server, await prepared(t, server, 'CREATE TABLE item (id int)'));
  const { blockers } = (await planned(t, server, backup, { owner: 'no such role' })).plan;
  assert.match(blockers.join(), /has no role "no such role", which shall own everything\. Make the role/);
});

const selections = [
  { selection: { schemaOnly: true }, rows: { a: '0', b: '0' } },
  { selection: { tables: ['public.a'] }, rows: { a: '3' } },
  { selection: { excludeTables: ['*.b'] }, rows: { a: '3' } },
  { selection: { excludeTableData: ['b'] }, rows: { a: '3', b: '0' } },
  { selection: { excludeSchemas: ['public'] }, rows: {} },
];

for (const { selection, rows } of selections) {
  test(`a backup with ${JSON.stringify(selection)} holds and restores that part`, async (t) => {
    const server = await postgresServer(17);
    const name = await prepared(
      t,
      server,
      `CREATE TABLE a AS SELECT g FROM generate_series(1, 3) g; CREATE TABLE b AS SELECT g FROM generate_series(1, 5) g`,
    );
    const backup = await backUp(t, server, name, { selection });
    const held = backup.manifest.tables.map((table) => [table.name, table.rows]);
    assert.deepEqual(Object.fromEntries(held), rows);
    await restoreInPlace(await planned(t, server, backup));
  });
}

async function roleFor(t: TestContext, server: SharedPostgres, name = 'owner'): Promise<string> {
  const role = `${name}_${process.pid}_x`;
  const quoted = `"${role.replaceAll('"', '""')}"`;
  await execute(connectionTo(server), `CREATE ROLE ${quoted}`);
  t.after(() => execute(connectionTo(server), `DROP ROLE IF EXISTS ${quoted}`));
  return role;
}
