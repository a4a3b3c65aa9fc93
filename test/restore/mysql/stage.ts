import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { DatabasePlanRequest } from '../../../contracts/database-restore.ts';
import { MysqlSession } from '../../../sources/mysql/session.ts';
import { execute, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { connectionTo, never, prepared, sampleStatements } from '../../sources/mysql/sample.ts';
import { backUp, onlyDatabase, planned, type Restoring, restoreBeside } from './round-trip.ts';

/** What of a database shows whether it is whole: rows, and all that belongs to it besides. */
export async function describe(
  server: SharedMariadb,
  database: string,
): Promise<Readonly<Record<string, unknown>>> {
  const rows = async (sql: string) => (await select(server, sql, database)).map((row) => row.join(' '));
  const named = (table: string, column: string, schema: string) =>
    rows(`SELECT ${column} FROM information_schema.${table} WHERE ${schema} = database() ORDER BY 1`);
  return {
    tables: await rows(
      'SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1',
    ),
    items: await rows('SELECT id, price, twice FROM item ORDER BY id').catch(() => 'none'),
    views: await rows('SELECT * FROM all_priced ORDER BY id').catch(() => 'broken'),
    triggers: await named('triggers', "concat(trigger_name, ' on ', event_object_table)", 'trigger_schema'),
    routines: await named(
      'routines',
      "concat(routine_name, ' ', sha2(routine_definition, 256))",
      'routine_schema',
    ),
    events: await named('events', "concat(event_name, ' ', status)", 'event_schema'),
    keys: await named(
      'key_column_usage',
      "concat(constraint_name, ' ', table_name, ' ', coalesce(concat(referenced_table_schema = database(), referenced_table_name), ''))",
      'table_schema',
    ),
  };
}

/** Another state of the sample, so that it can be seen which one is in place. */
const laterStatements = [
  'DELETE FROM item',
  'INSERT INTO item (id, customer, price) VALUES (7, 2, 70)',
  'CREATE TABLE since (id int)',
  'DROP PROCEDURE look',
  'CREATE PROCEDURE look(IN x int) SELECT x + 1',
  'CREATE TRIGGER since_added BEFORE INSERT ON since FOR EACH ROW SET NEW.id = NEW.id + 1',
  'CREATE FUNCTION newer() RETURNS int DETERMINISTIC RETURN 1',
  'CREATE VIEW new_view AS SELECT newer() AS one',
  'DROP EVENT tidy',
];

export interface Stage extends Restoring {
  readonly server: SharedMariadb;
  readonly name: string;
  readonly old: object;
  readonly later: object;
}

/** A database that was backed up as "old" and is "later" now; its backup is restored beside it. */
export async function setStage(
  t: TestContext,
  server: SharedMariadb,
  change: Partial<DatabasePlanRequest> = {},
): Promise<Stage> {
  const name = await prepared(t, server, sampleStatements);
  const old = await describe(server, name);
  const work = await backUp(t, server, [name]);
  await execute(server, laterStatements, name);
  const later = await describe(server, name);
  const restoring = await planned(t, server, work, change);
  assert.ok(onlyDatabase(restoring.plan).replaced);
  await restoreBeside(restoring);
  return { ...restoring, server, name, old, later };
}

export async function withSession<T>(
  server: SharedMariadb,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  const session = await MysqlSession.open(connectionTo(server), never);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
