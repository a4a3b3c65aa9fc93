import pg from 'pg';
import type { PlannedDatabase, PlannedTables } from '../../../contracts/database-restore.ts';
import type { RestoreCheck } from '../../../contracts/jobs.ts';
import type { PostgresConnection } from '../../../sources/postgres/connection.ts';
import { qualified } from '../../../sources/postgres/content.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import type { DatabaseWork } from '../../database-restorer.ts';
import { databasesThere, inDatabase } from '../in-database.ts';
import { dropDatabase } from '../new-database.ts';
import { dropRole, handOver } from '../restore-role.ts';
import { compareTables, type TablesCompare } from './compare.ts';
import { type ExchangeWork, putBack, putInPlace } from './exchange.ts';
import { type ForeignKey, keysFrom, nameOf, tablesInPlace, tablesOf } from './in-place.ts';
import { dropNeeds } from './needs.ts';

/** A database of a plan of which tables alone are restored. */
export type TablesStep = PlannedDatabase & { readonly tables: PlannedTables };

export function isOfTables(database: PlannedDatabase): database is TablesStep {
  return database.tables !== undefined;
}

/**
 * Restores chosen tables into a database in use: into schemas beside those of the old ones, which then change places
 * with them in one transaction. The steps are those of `DatabaseRestorer`.
 */
export class TablesRestorer {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Owner and statistics. */
  async finish({ beside, target, tables }: TablesStep, owner: string | undefined, work: DatabaseWork) {
    await this.#in(target, work, async (session) => {
      if (owner !== undefined) await handOver(session, beside, owner);
      const loaded = await tablesOf(session, besideOf(tables));
      if (loaded.length === 0) return;
      await session.run(`ANALYZE ${loaded.map(({ schema, name }) => qualified(schema, name)).join(', ')}`);
    });
  }

  async compare(step: TablesStep, request: Omit<TablesCompare, 'step'>): Promise<readonly RestoreCheck[]> {
    return await compareTables({ step, ...request });
  }

  async swap(step: TablesStep, work: DatabaseWork): Promise<void> {
    const keys = (await this.#hasScratch(step, work)) ? await this.#outwardKeys(step, work) : [];
    await this.#exchanging(step, work, (exchange) => putInPlace(exchange, step, keys));
    // What was made for the tables stays with them from now on.
    await this.#in(this.#connection.database, work, (session) => dropDatabase(session, step.beside));
  }

  async rollBack(step: TablesStep, work: DatabaseWork): Promise<void> {
    await this.#exchanging(step, work, (exchange) => putBack(exchange, step.tables));
  }

  /** Drops what was restored and is not in place, and what was made for it. */
  async discard(step: TablesStep, work: DatabaseWork): Promise<void> {
    const { beside, target, tables } = step;
    await this.#in(target, work, async (session) => {
      await dropSchemas(session, besideOf(tables));
      if (!(await this.#hasScratch(step, work))) return;
      await this.#in(beside, work, (scratch) => dropNeeds(scratch, session));
    });
    await this.#in(this.#connection.database, work, async (session) => {
      await dropDatabase(session, beside);
      await dropRole(session, beside);
    });
  }

  async dropReplaced({ target, tables }: TablesStep, work: DatabaseWork): Promise<void> {
    await this.#in(target, work, (session) =>
      dropSchemas(
        session,
        tables.schemas.map(({ replaced }) => replaced),
      ),
    );
  }

  /** Foreign keys to tables that were not chosen, as far as the database has those. */
  async #outwardKeys(
    { beside, target, tables }: TablesStep,
    work: DatabaseWork,
  ): Promise<readonly ForeignKey[]> {
    const places = new Map(tables.schemas.map((one) => [one.beside, one.schema]));
    const keys = await this.#in(beside, work, async (scratch) => {
      const moved = await tablesInPlace(scratch, await tablesOf(scratch, besideOf(tables)));
      return await keysFrom(scratch, moved);
    });
    const known = await this.#in(target, work, async (session) =>
      (
        await tablesInPlace(
          session,
          keys.map(({ to }) => to),
        )
      ).map(nameOf),
    );
    return keys
      .filter(({ to }) => known.includes(nameOf(to)))
      .map((key) => ({ ...key, schema: places.get(key.schema) ?? key.schema }));
  }

  async #hasScratch({ beside }: TablesStep, work: DatabaseWork): Promise<boolean> {
    return await this.#in(this.#connection.database, work, async (session) =>
      (await databasesThere(session, [beside])).has(beside),
    );
  }

  async #exchanging(
    { target }: TablesStep,
    work: DatabaseWork,
    change: (exchange: ExchangeWork) => Promise<void>,
  ): Promise<void> {
    await this.#in(target, work, (session) =>
      this.#in(target, work, (other) =>
        change({
          ...{ session, other, signal: work.signal },
          report: (what) => work.onProgress({ current: `${target}: ${what}` }),
        }),
      ),
    );
  }

  async #in<T>(database: string, work: DatabaseWork, use: (session: PostgresSession) => Promise<T>) {
    return await inDatabase(this.#connection, database, { signal: work.signal, use });
  }
}

function besideOf({ schemas }: PlannedTables): readonly string[] {
  return schemas.map(({ beside }) => beside);
}

async function dropSchemas(session: PostgresSession, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await session.run(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`);
  }
}
