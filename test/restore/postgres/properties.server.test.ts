import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { programHost } from '../../../programs/host.ts';
import { checkTarget } from '../../../restore/postgres/preflight.ts';
import type { DatabaseManifest } from '../../../sources/postgres/manifest.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { createDatabase, postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, never } from '../../sources/postgres/sample.ts';
import { backUp, onlyDatabase, planned, prepared, restoreInPlace, targetOf } from './round-trip.ts';

/** Removed after what was registered before: databases that they own, for instance. */
function dropRolesAfter(t: TestContext, server: SharedPostgres, roles: readonly string[]): void {
  t.after(async () => {
    for (const role of roles) await execute(connectionTo(server), `DROP ROLE IF EXISTS "${role}"`);
  });
}

test('owner, rights, settings and comment of the database come back', async (t) => {
  const server = await postgresServer(17);
  const database = await createDatabase(server);
  const [owner, reader] = [`${database.name} Owner`, `${database.name}_reader`];
  t.after(() => database.drop());
  const { name } = database;
  for (const statement of [
    `CREATE ROLE "${owner}"`,
    `CREATE ROLE ${reader}`,
    `ALTER DATABASE ${name} OWNER TO "${owner}"`,
    `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    `GRANT CONNECT ON DATABASE ${name} TO ${reader} WITH GRANT OPTION`,
    `ALTER DATABASE ${name} SET search_path = 'od d"ity', public`,
    `ALTER DATABASE ${name} SET statement_timeout = '5min'`,
    `ALTER DATABASE ${name} SET default_transaction_read_only = on`,
    `ALTER DATABASE ${name} SET my_app.word = 'it''s'`,
    `ALTER ROLE ${reader} IN DATABASE ${name} SET work_mem = '16MB'`,
    `ALTER DATABASE ${name} CONNECTION LIMIT 17`,
    `COMMENT ON DATABASE ${name} IS 'What it is for'`,
  ]) {
    await execute(connectionTo(server), statement);
  }
  const restoring = await planned(t, server, await backUp(t, server, name));
  const target = targetOf(restoring);
  dropRolesAfter(t, server, [owner, reader]);
  assert.deepEqual((await restoreInPlace(restoring)).warnings, []);
  const facts = (database: string): Promise<readonly string[]> =>
    column(
      connectionTo(server),
      `SELECT jsonb_build_array(pg_get_userbyid(datdba), datacl::text, datconnlimit,
         (SELECT jsonb_agg(setconfig ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid))
       FROM pg_database AS d WHERE datname = '${database}'`,
    );
  assert.deepEqual(await facts(target), await facts(name));
  const [comment] = await column(
    connectionTo(server),
    `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '${target}'`,
  );
  assert.equal(comment, 'What it is for');
});

test('owners that the target does not have are replaced by the user, with a warning', async (t) => {
  const server = await postgresServer(17);
  const name = await prepared(t, server, 'CREATE TABLE item (id int); INSERT INTO item VALUES (1)');
  const gone = `${name}_gone`;
  dropRolesAfter(t, server, [gone]);
  await execute(connectionTo(server), `CREATE ROLE ${gone}`);
  await execute(
    connectionTo(server, name),
    `ALTER TABLE item OWNER TO ${gone}; GRANT SELECT ON item TO PUBLIC`,
  );
  const backup = await backUp(t, server, name);
  assert.deepEqual(backup.manifest.roles.owners.includes(gone), true);
  await execute(connectionTo(server, name), 'ALTER TABLE item OWNER TO postgres');
  await execute(connectionTo(server), `DROP ROLE ${gone}`);
  const restoring = await planned(t, server, backup);
  const { warnings } = await restoreInPlace(restoring);
  assert.deepEqual(
    warnings.map(({ message }) => message),
    [
      `All objects belong to the user of the restore, because these owners are missing: ${gone}`,
      `Rights on objects are not restored, because these roles are missing: ${gone}`,
    ],
  );
  const owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'item'";
  assert.deepEqual(await column(connectionTo(server, targetOf(restoring)), owner), ['postgres']);
});

test('a missing role that a policy names is told before anything is made', async (t) => {
  const server = await postgresServer(17);
  const name = await prepared(t, server, 'CREATE TABLE item (id int)');
  const backup = await backUp(t, server, name);
  const manifest = { ...backup.manifest, roles: { ...backup.manifest.roles, inPolicies: ['auditor'] } };
  const blockers = await blockersOf(t, server, manifest);
  assert.match(
    blockers.join(),
    /lacks roles that row security policies of the database "\w+" name: auditor\. Make .*globals\.sql/,
  );
});

test('an extension that the target does not have is named before anything is made', async (t) => {
  const server = await postgresServer(17);
  const { manifest } = await backUp(t, server, await prepared(t, server, 'CREATE TABLE item (id int)'));
  const extensions = [...manifest.extensions, { name: 'timescaledb', version: '2.1', schema: 'public' }];
  const blockers = await blockersOf(t, server, { ...manifest, extensions });
  assert.match(
    blockers.join(),
    /lacks what the database "\w+" needs: the extension timescaledb\. Install the packages of timescaledb on the host of the target server\.$/,
  );
});

async function blockersOf(
  t: TestContext,
  server: SharedPostgres,
  manifest: DatabaseManifest,
): Promise<readonly string[]> {
  const connection = connectionTo(server);
  const session = await PostgresSession.open(connection, 'postgres', never);
  t.after(() => session.close());
  const { blockers } = await checkTarget(session, {
    connection,
    manifest,
    sourceMajor: server.major,
    binDir: server.binDir,
    host: programHost(process.env),
    signal: never,
  });
  return blockers;
}

const locales = [
  { major: 15, what: 'no encoding', clauses: "ENCODING 'SQL_ASCII' LOCALE 'C'", hex: 'e9ff' },
  { major: 17, what: 'LATIN1', clauses: "ENCODING 'LATIN1' LOCALE 'C'", hex: 'e9' },
  { major: 15, what: 'ICU', clauses: "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C.UTF-8'", hex: 'c3a9' },
  {
    major: 18,
    what: 'the built-in locale',
    clauses: "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'",
    hex: 'c3a9',
  },
] as const;

for (const { major, what, clauses, hex } of locales) {
  test(`a database with ${what} comes back as it was`, async (t) => {
    const server = await postgresServer(major);
    const name = `locale_${randomBytes(6).toString('hex')}`;
    await execute(connectionTo(server), `CREATE DATABASE ${name} TEMPLATE template0 ${clauses}`);
    t.after(() => execute(connectionTo(server), `DROP DATABASE ${name}`));
    const fill = `CREATE TABLE item AS SELECT convert_from(decode('${hex}', 'hex'), getdatabaseencoding()) AS word`;
    await execute(connectionTo(server, name), fill);
    const restoring = await planned(t, server, await backUp(t, server, name));
    await restoreInPlace(restoring);
    const locale = (database: string): Promise<readonly string[]> =>
      column(
        connectionTo(server),
        `SELECT to_jsonb(d) - '{oid,datname,datfrozenxid,datminmxid}'::text[] FROM pg_database AS d
         WHERE datname = '${database}'`,
      );
    assert.deepEqual(await locale(targetOf(restoring)), await locale(name));
  });
}

test('each difference of a restored database is told', async (t) => {
  const server = await postgresServer(17);
  const name = await prepared(
    t,
    server,
    `CREATE TABLE changed (a text); CREATE TABLE shorter (a int); CREATE TABLE "Lost" (); CREATE TABLE equal (a int);
     CREATE SEQUENCE counter; CREATE INDEX ON changed (a); SELECT setval('counter', 41);
     INSERT INTO changed VALUES ('x'), ('y'); INSERT INTO shorter VALUES (1), (2)`,
  );
  const restoring = await planned(t, server, await backUp(t, server, name));
  const { restorer, plan, work } = restoring;
  await restoreInPlace(restoring);
  const database = { ...onlyDatabase(plan), beside: targetOf(restoring) };
  await execute(
    connectionTo(server, database.beside),
    `UPDATE changed SET a = 'z' WHERE a = 'y'; DELETE FROM shorter WHERE a = 2; DROP TABLE "Lost";
     SELECT setval('counter', 40); DROP INDEX changed_a_idx; SELECT lo_from_bytea(0, 'x'); CREATE TABLE added ()`,
  );
  const lines = (await restorer.compare(database, plan, work)).map(
    ({ subject, passed, detail }) => `${passed ? 'equal' : 'wrong'} ${subject}: ${detail}`,
  );
  assert.deepEqual(lines, [
    'wrong public."Lost": is missing',
    'wrong public.changed: 2 rows, content differs',
    'wrong public.shorter: 1 rows instead of 2',
    'wrong public.added: is not in the backup',
    'equal public.equal: 0 rows, content equal',
    'wrong public.counter: is at 40 instead of 41',
    'wrong large objects: 1 with 1 bytes differ from the 0 with 0 bytes of the backup',
    'wrong indexes: 0 instead of 1',
  ]);
});
