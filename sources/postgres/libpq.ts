import { Failure } from '../../contracts/failures.ts';
import { Secret } from '../../secrets/secret.ts';
import type { PostgresConnection } from './connection.ts';
import { rootCertificate } from './tls.ts';

/** What a program of PostgreSQL is started with to reach a server: nothing of it is an argument. */
export interface LibpqSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly secretFiles: Readonly<Record<string, Secret>>;
  /** To be struck out of messages. */
  readonly secrets: readonly Secret[];
}

/** Seconds for one attempt to connect. */
export const connectTimeoutSeconds = 15;

/**
 * Environment variables of libpq for one database. A name in PGDATABASE is a name, whatever is in it; as an
 * argument, one with "=" would be read as a connection string.
 * @throws {Failure} SourceUnsupported for a password that a password file cannot hold
 */
export function libpqSettings(connection: PostgresConnection, database: string): LibpqSettings {
  const { host, port, user, password, sslMode = 'prefer' } = connection;
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database,
    PGSSLMODE: sslMode,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: String(connectTimeoutSeconds),
    ...sslFiles(connection),
  };
  // The password comes from the configuration alone, not from a file in somebody's home folder.
  if (password === undefined)
    return { env: { ...env, PGPASSFILE: noPasswordFile }, secretFiles: {}, secrets: [] };
  return { env, secretFiles: { PGPASSFILE: passwordFile(password) }, secrets: [password] };
}

/** A file that cannot be there: libpq passes over it, and would warn of one that is no plain file. */
const noPasswordFile = '/dev/null/none';

/** As sessions of ours are seen in `pg_stat_activity`. */
export const applicationName = 'resguardo';

/**
 * A connection string that names a database and nothing else: for `--dbname` of programs that do not take
 * the name from the environment.
 */
export function databaseString(database: string): string {
  return `dbname='${database.replace(/[\\']/g, '\\$&')}'`;
}

/** One line of a password file, for any server, database and user (manual of PostgreSQL, "The Password File"). */
function passwordFile(password: Secret): Secret {
  const text = password.reveal();
  if (/[\r\n\0]/.test(text)) {
    throw new Failure('SourceUnsupported', 'The password of the PostgreSQL user holds a line break', {
      advice: 'Choose a password without line breaks: the password files of PostgreSQL cannot hold them.',
    });
  }
  return new Secret(`*:*:*:*:${text.replace(/[\\:]/g, '\\$&')}\n`);
}

function sslFiles(connection: PostgresConnection): Readonly<Record<string, string>> {
  const { sslCertificate, sslKey } = connection;
  const root = rootCertificate(connection);
  return {
    ...(root === undefined ? {} : { PGSSLROOTCERT: root }),
    ...(sslCertificate === undefined ? {} : { PGSSLCERT: sslCertificate }),
    ...(sslKey === undefined ? {} : { PGSSLKEY: sslKey }),
  };
}
