import pg from 'pg';
import type { Warning } from '../../contracts/jobs.ts';
import type { DatabaseProperties } from '../../sources/postgres/manifest.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';
import { targetFailure } from './target-errors.ts';

/**
 * Makes a database as the recorded one was made, empty and closed to all but us.
 * @throws {Failure} TargetUnwritable, StorageFull, SourceUnsupported
 */
export async function createDatabase(
  session: PostgresSession,
  database: string,
  { properties, major }: { readonly properties: DatabaseProperties; readonly major: number },
): Promise<void> {
  const name = pg.escapeIdentifier(database);
  try {
    await session.run(`CREATE DATABASE ${name} TEMPLATE template0 ${localeClauses(properties, major)}`);
    await session.run(`REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
  } catch (error) {
    throw targetFailure(`Making the database "${database}"`, error);
  }
}

/** Ends its sessions and drops it, if it is there. */
export async function dropDatabase(session: PostgresSession, database: string): Promise<void> {
  try {
    await session.run(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database)} WITH (FORCE)`);
  } catch (error) {
    throw targetFailure(`Dropping the database "${database}"`, error);
  }
}

export interface FinishOptions {
  readonly properties: DatabaseProperties;
  readonly missingRoles: ReadonlySet<string>;
}

/**
 * Gives the database its owner, rights, settings and comment, all in one transaction.
 * @returns what could not be set
 */
export async function finishDatabase(
  session: PostgresSession,
  database: string,
  { properties, missingRoles }: FinishOptions,
): Promise<readonly Warning[]> {
  const warnings: Warning[] = [];
  const warn = (message: string): void => void warnings.push({ subject: database, message });
  const name = pg.escapeIdentifier(database);
  await session.run('BEGIN');
  try {
    await applySettings(session, name, { properties, warn });
    for (const statement of rightsStatements(name, properties, missingRoles)) await session.run(statement);
    if (properties.connectionLimit >= 0) {
      await session.run(`ALTER DATABASE ${name} CONNECTION LIMIT ${properties.connectionLimit}`);
    }
    if (properties.comment !== undefined) {
      await session.run(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(properties.comment)}`);
    }
    if (missingRoles.has(properties.owner)) {
      warn(
        `The database belongs to the user of the restore, because its owner ${properties.owner} is missing, or that user may not act as it`,
      );
    } else {
      await session.run(`ALTER DATABASE ${name} OWNER TO ${pg.escapeIdentifier(properties.owner)}`);
    }
    await session.run('COMMIT');
  } catch (error) {
    throw targetFailure(`Finishing the database "${database}"`, error);
  }
  return warnings;
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
