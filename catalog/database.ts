import { CamelCasePlugin, type Dialect, Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { Failure } from '../contracts/failures.ts';
import { migrations } from './migrations/index.ts';
import type { CatalogTables } from './tables.ts';

export type CatalogKysely = Kysely<CatalogTables>;
export type CatalogTransaction = Transaction<CatalogTables>;

/**
 * The database of the catalog. `what` completes "Could not …" in failures.
 *
 * All methods throw {Failure} CatalogUnavailable, CatalogUnwritable, CatalogDamaged or StorageFull.
 */
export interface CatalogDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /** For messages: the path, or host and database. */
  readonly place: string;
  read<T>(what: string, work: (database: CatalogKysely) => Promise<T>): Promise<T>;
  /** Runs the work in one transaction. It may run again, when the database asked for that. */
  write<T>(what: string, work: (transaction: CatalogTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Told to people as they happen: a catalog that was damaged and moved aside. */
export type CatalogWarning = (message: string) => void;

export function openKysely(dialect: Dialect): CatalogKysely {
  return new Kysely<CatalogTables>({
    dialect,
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
}

/**
 * Brings the tables to the newest form; several processes may do so at once.
 * @throws {Failure} CatalogUnsupported when a newer Resguardo has been here; else what the database threw
 */
export async function migrate(database: CatalogKysely, place: string, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: 'resguardo_migrations',
    migrationLockTableName: 'resguardo_migration_lock',
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && /previously executed migration .* is missing/.test(error.message)) {
    throw new Failure('CatalogUnsupported', `The catalog ${place} was changed by a newer Resguardo`, {
      cause: error,
    });
  }
  throw error;
}
