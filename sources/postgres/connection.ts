import { Secret } from '../../secrets/secret.ts';
import {
  describeAddress,
  parseConnectionUrl,
  portOf,
  type UrlForm,
  type UrlParameter,
  wrongUrl,
} from '../connection-url.ts';
import { type SslMode, sslModes } from '../ssl-modes.ts';

export interface PostgresConnection {
  /** Name or address of the server, or the folder of its socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Left out where the server asks for none. */
  readonly password?: Secret;
  /** Database that is connected to first; others are found from there. */
  readonly database: string;
  /** Default: `prefer`. */
  readonly sslMode?: SslMode;
  /** File of the certificates to trust. Default with `verify-…`: those of the system. */
  readonly sslRootCertificate?: string;
  /** Files of our own certificate and its key. */
  readonly sslCertificate?: string;
  readonly sslKey?: string;
}

export const defaultPort = 5432;
const defaultDatabase = 'postgres';

const form: UrlForm = { server: 'PostgreSQL', schemes: ['postgresql', 'postgres'] };

/**
 * Parses a connection URL of libpq (manual of PostgreSQL, "Connection URIs").
 * @throws {Failure} InvalidConfiguration, which never repeats the URL
 */
export function parsePostgresUrl(url: Secret): PostgresConnection {
  const parts = parseConnectionUrl(url, form);
  const parameters = knownValues(parts.parameters);
  const user = parameters.get('user') ?? parts.user;
  const host = parameters.get('hostaddr') ?? parameters.get('host') ?? parts.host;
  const password = parameters.get('password') ?? parts.password;
  if (user === '') throw wrongUrl(form, 'it names no user');
  return {
    host: host === '' ? 'localhost' : host,
    port: portOf(form, parameters.get('port') ?? parts.port, defaultPort),
    user,
    database: (parameters.get('dbname') ?? parts.database) || defaultDatabase,
    ...(password === '' ? {} : { password: new Secret(password) }),
    ...parseSsl(parameters),
  };
}

/** "db.internal:5432", for people. */
export function describeServer(connection: PostgresConnection): string {
  return describeAddress(connection);
}

/** Parameters of the URL that we know; `connect_timeout` and `application_name` are accepted, ours are used. */
const knownParameters = [
  ...['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'connect_timeout', 'application_name'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
];

function knownValues(parameters: readonly UrlParameter[]): ReadonlyMap<string, string> {
  const unknown = parameters.find(({ name }) => !knownParameters.includes(name));
  if (unknown !== undefined) throw wrongUrl(form, `its parameter "${unknown.name}" is not supported`);
  return new Map(parameters.map(({ name, value }) => [name, value]));
}

function parseSsl(parameters: ReadonlyMap<string, string>): Partial<PostgresConnection> {
  const mode = parameters.get('sslmode');
  const sslMode = sslModes.find((known) => known === mode);
  if (mode !== undefined && sslMode === undefined) {
    throw wrongUrl(form, `its sslmode must be one of ${sslModes.join(', ')}`);
  }
  const files = {
    sslRootCertificate: parameters.get('sslrootcert'),
    sslCertificate: parameters.get('sslcert'),
    sslKey: parameters.get('sslkey'),
  };
  const given = Object.entries(files).filter(([, path]) => path !== undefined && path !== '');
  return { ...(sslMode === undefined ? {} : { sslMode }), ...Object.fromEntries(given) };
}
