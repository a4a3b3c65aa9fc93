import { createHash } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { DatabaseProperties } from '../../sources/postgres/manifest.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';
import { targetFailure } from './target-errors.ts';

/**
 * A database that is being restored. It gets its name when it is whole: until then it is called after its
 * run, so that another attempt knows it and starts it again, and nobody takes it for what it is not yet.
 */
export interface NewDatabase {
  readonly target: string;
  /** Workflow run id: the same for each attempt. */
  readonly runId: string;
}

/** Names of unfinished databases start so. */
export const unfinishedPrefix = 'resguardo_restore_';

export function unfinishedName({ target, runId }: NewDatabase): string {
  const digest = createHash('sha256').update(`${runId}\0${target}`).digest('hex');
  return `${unfinishedPrefix}${digest.slice(0, 16)}`;
}

/**
 * Whether an earlier attempt of the run has finished the database.
 * @throws {Failure} TargetConflict if the target exists and is not of this run
 */
export async function isFinished(session: PostgresSession, database: NewDatabase): Promise<boolean> {
  const [found] = await session.rows(
    z.object({ comment: z.string().nullable() }),
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [database.target],
  );
  if (found === undefined) return false;
  if (found.comment?.endsWith(finishedMark(database)) === true) return true;
  throw new Failure(
    'TargetConflict',
    `The database "${database.target}" exists: a restore never overwrites one`,
    {
      advice: 'Choose a name that no database has, or rename or drop that one.',
    },
  );
}

/** Makes it empty, as the recorded one was made, and open to us alone. What an earlier attempt left is dropped. */
export async function createUnfinished(
  session: PostgresSession,
  database: NewDatabase,
  { properties, major }: { readonly properties: DatabaseProperties; readonly major: number },
): Promise<void> {
  const name = pg.escapeIdentifier(unfinishedName(database));
  try {
    await dropUnfinished(session, database);
    await session.run(`CREATE DATABASE ${name} TEMPLATE template0 ${localeClauses(properties, major)}`);
    await session.run(`REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  } catch (error) {
    throw targetFailure(`Making the database "${database.target}"`, error);
  }
}

/** Safe to repeat. */
export async function dropUnfinished(session: PostgresSession, database: NewDatabase): Promise<void> {
  await session.run(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(unfinishedName(database))} WITH (FORCE)`);
}

export interface FinishOptions {
  readonly properties: DatabaseProperties;
  readonly missingRoles: ReadonlySet<string>;
}

/**
 * Gives the database its owner, rights, settings, comment and, last, its name, all in one transaction.
 * @returns what could not be set
 */
export async function finishDatabase(
  session: PostgresSession,
  database: NewDatabase,
  { properties, missingRoles }: FinishOptions,
): Promise<readonly Warning[]> {
  const warnings: Warning[] = [];
  const warn = (message: string): void => void warnings.push({ subject: database.target, message });
  const name = pg.escapeIdentifier(unfinishedName(database));
  await session.run('BEGIN');
  try {
    await applySettings(session, name, { properties, warn });
    for (const statement of rightsStatements(name, properties, missingRoles)) await session.run(statement);
    if (properties.connectionLimit >= 0) {
      await session.run(`ALTER DATABASE ${name} CONNECTION LIMIT ${properties.connectionLimit}`);
    }
    const comment = `${properties.comment ?? ''}${finishedMark(database)}`;
    await session.run(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(comment)}`);
    if (missingRoles.has(properties.owner)) {
      warn(
        `The database belongs to the user of the restore, because its owner ${properties.owner} is missing`,
      );
    } else {
      await session.run(`ALTER DATABASE ${name} OWNER TO ${pg.escapeIdentifier(properties.owner)}`);
    }
    await session.run(`ALTER DATABASE ${name} RENAME TO ${pg.escapeIdentifier(database.target)}`);
    await session.run('COMMIT');
  } catch (error) {
    throw targetFailure(`Finishing the database "${database.target}"`, error);
  }
  return warnings;
}

/** End of the comment of a database that a run has finished. */
function finishedMark({ runId }: NewDatabase): string {
  return `\n[restored by resguardo, run ${runId}]`;
}

/** Providers of locales are named since PostgreSQL 15. */
function localeClauses(properties: DatabaseProperties, major: number): string {
  const { encoding, collate, ctype, localeProvider, locale, icuRules } = properties;
  const clauses = [
    ['ENCODING', encoding],
    ['LC_COLLATE', collate],
    ['LC_CTYPE', ctype],
    ['LOCALE_PROVIDER', major >= 15 ? { c: 'libc', i: 'icu', b: 'builtin' }[localeProvider] : undefined],
    [localeProvider === 'b' ? 'BUILTIN_LOCALE' : 'ICU_LOCALE', locale],
    ['ICU_RULES', icuRules],
  ];
  return clauses
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${pg.escapeLiteral(value)}`]))
    .join(' ');
}

/** Each is tried by itself: some need rights, roles or libraries that are not there. */
async function applySettings(
  session: PostgresSession,
  name: string,
  { properties, warn }: { readonly properties: DatabaseProperties; readonly warn: (message: string) => void },
): Promise<void> {
  for (const setting of properties.settings) {
    await session.run('SAVEPOINT setting');
    try {
      for (const statement of settingStatements(name, setting)) await session.run(statement);
    } catch (error) {
      await session.run('ROLLBACK TO setting');
      const reason = error instanceof Error ? error.message : String(error);
      warn(`The setting ${setting.name} of the database is not restored: ${reason}`);
    }
  }
}

/** Settings that hold lists of names, stored as text; only FROM CURRENT takes such a text for the list it is. */
const listSettings = [
  ...['local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries'],
  ...['temp_tablespaces', 'unix_socket_directories'],
];

function settingStatements(
  database: string,
  { role, name, value }: DatabaseProperties['settings'][number],
): readonly string[] {
  const whom = role === undefined ? '' : `ROLE ${pg.escapeIdentifier(role)} IN `;
  const identifier = name
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
  const alter = `ALTER ${whom}DATABASE ${database} SET ${identifier}`;
  if (!listSettings.includes(name.toLowerCase())) return [`${alter} TO ${pg.escapeLiteral(value)}`];
  const set = (text: string): string =>
    `SELECT set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(text)}, true)`;
  return [set(value), `${alter} FROM CURRENT`, set('')];
}

/** Rights on the database: as recorded, else the default ones, which let everybody connect. */
function rightsStatements(
  name: string,
  { grants, owner }: DatabaseProperties,
  missingRoles: ReadonlySet<string>,
): readonly string[] {
  if (grants === undefined) return [`GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO PUBLIC`];
  return grants
    .filter(({ grantee }) => grantee === undefined || (grantee !== owner && !missingRoles.has(grantee)))
    .map(({ grantee, privilege, grantable }) => {
      const whom = grantee === undefined ? 'PUBLIC' : pg.escapeIdentifier(grantee);
      const option = grantable ? ' WITH GRANT OPTION' : '';
      return `GRANT ${privilege} ON DATABASE ${name} TO ${whom}${option}`;
    });
}
