import { Failure, type FailureType } from '../contracts/failures.ts';
import { primaryCode } from './sqlite-dialect.ts';

/** What was tried, and on which catalog: "record the start of backup/shop", "/var/lib/resguardo/catalog.sqlite". */
export interface CatalogAttempt {
  readonly what: string;
  readonly place: string;
}

/** Primary result codes of SQLite (its page "Result and Error Codes") that a person can act on. */
const sqliteTypes: ReadonlyMap<number, FailureType> = new Map([
  [3, 'CatalogUnwritable'], // PERM
  [5, 'CatalogUnavailable'], // BUSY
  [6, 'CatalogUnavailable'], // LOCKED
  [8, 'CatalogUnwritable'], // READONLY
  [10, 'CatalogUnavailable'], // IOERR
  [11, 'CatalogDamaged'], // CORRUPT
  [13, 'StorageFull'], // FULL
  [14, 'CatalogUnwritable'], // CANTOPEN
  [26, 'CatalogDamaged'], // NOTADB
]);

const fileTypes: Readonly<Record<string, FailureType>> = {
  EACCES: 'CatalogUnwritable',
  EPERM: 'CatalogUnwritable',
  EROFS: 'CatalogUnwritable',
  ENOTDIR: 'CatalogUnwritable',
  EEXIST: 'CatalogUnwritable',
  EISDIR: 'CatalogUnwritable',
  ENOSPC: 'StorageFull',
  EDQUOT: 'StorageFull',
  ECONNREFUSED: 'CatalogUnavailable',
  ECONNRESET: 'CatalogUnavailable',
  ENOTFOUND: 'CatalogUnavailable',
  EAI_AGAIN: 'CatalogUnavailable',
  ETIMEDOUT: 'CatalogUnavailable',
  EHOSTUNREACH: 'CatalogUnavailable',
  ENETUNREACH: 'CatalogUnavailable',
  ENOENT: 'CatalogUnavailable',
};

/** Beginnings of PostgreSQL's SQLSTATE (its appendix A), the longest first. */
const postgresTypes: readonly (readonly [string, FailureType])[] = [
  ['25006', 'CatalogUnwritable'], // read-only transaction: a standby
  ['3D000', 'CatalogUnwritable'], // no such database
  ['42501', 'CatalogUnwritable'], // no privilege
  ['53100', 'StorageFull'],
  ['28', 'CatalogUnwritable'], // role or password refused
  ['08', 'CatalogUnavailable'], // connection
  ['40', 'CatalogUnavailable'], // rolled back: deadlock, serialization
  ['53', 'CatalogUnavailable'], // resources
  ['57', 'CatalogUnavailable'], // shut down, starting up, cancelled
  ['XX001', 'CatalogDamaged'],
  ['XX002', 'CatalogDamaged'],
];

const databaseAdvice =
  "Correct the catalog's connection, and give its role the right to create and write the tables of its schema.";

/** Translates what a database, a socket or a file system reports. Failures pass through. */
export function catalogFailure(error: unknown, { what, place }: CatalogAttempt): Failure {
  if (error instanceof Failure) return error;
  const reason = error instanceof Error ? error.message || String(codeOf(error)) : String(error);
  const type = typeOf(error);
  const isDatabase = type === 'CatalogUnwritable' && isSqlState(codeOf(error));
  return new Failure(type ?? 'Internal', `Could not ${what}: the catalog ${place} says: ${reason}`, {
    cause: error,
    ...(isDatabase ? { advice: databaseAdvice } : {}),
  });
}

/** Whether the same transaction may succeed at once: PostgreSQL chose it to end a deadlock. */
export function isRolledBack(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

function typeOf(error: unknown): FailureType | undefined {
  const sqlite = primaryCode(error);
  if (sqlite !== undefined) return sqliteTypes.get(sqlite);
  const code = codeOf(error);
  if (code === undefined) {
    const text = error instanceof Error ? error.message : '';
    return /connection (terminated|timeout)|timeout exceeded|Cannot use a pool/i.test(text)
      ? 'CatalogUnavailable'
      : undefined;
  }
  return fileTypes[code] ?? postgresTypes.find(([start]) => code.startsWith(start))?.[1];
}

function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !Object.hasOwn(fileTypes, code);
}

/** Code of the error or, for an attempt on several addresses, of its first part. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}
