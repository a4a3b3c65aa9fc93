import { Failure } from '../../contracts/failures.ts';
import { Secret } from '../../secrets/secret.ts';
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

/** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`, each part but the first of which may be absent. */
const urlPattern = /^postgres(?:ql)?:\/\/(?:([^/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * Parses a connection URL of libpq (manual of PostgreSQL, "Connection URIs").
 * @throws {Failure} InvalidConfiguration, which never repeats the URL
 */
export function parsePostgresUrl(url: Secret): PostgresConnection {
  const match = urlPattern.exec(url.reveal().trim());
  if (match === null) throw wrongUrl('it is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE');
  const [, userPart = '', hostPart = '', databasePart = '', parameterPart = ''] = match;
  const parameters = parseParameters(parameterPart);
  const [user, ...passwordParts] = userPart.split(':');
  const password = parameters.get('password') ?? decode('password', passwordParts.join(':'));
  const connection = {
    ...parseHost(hostPart, parameters),
    user: parameters.get('user') ?? decode('user', user ?? ''),
    database: (parameters.get('dbname') ?? decode('database', databasePart)) || defaultDatabase,
    ...(password === '' ? {} : { password: new Secret(password) }),
    ...parseSsl(parameters),
  };
  if (connection.user === '') throw wrongUrl('it names no user');
  return connection;
}

/** "db.internal:5432", for people. */
export function describeServer({ host, port }: PostgresConnection): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parameters of the URL that we know; `connect_timeout` and `application_name` are accepted, ours are used. */
const knownParameters = [
  ...['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'connect_timeout', 'application_name'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
];

function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const [name = '', ...value] = pair.split('=');
    if (!knownParameters.includes(name)) throw wrongUrl(`its parameter "${name}" is not supported`);
    parameters.set(name, decode(name, value.join('=')));
  }
  return parameters;
}

function parseHost(
  text: string,
  parameters: ReadonlyMap<string, string>,
): Pick<PostgresConnection, 'host' | 'port'> {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(text);
  if (match === null || text.includes(',')) throw wrongUrl('it must name one HOST or HOST:PORT');
  const named = decode('host', match[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  const host = parameters.get('hostaddr') ?? parameters.get('host') ?? named;
  const port = Number((parameters.get('port') ?? match[2]) || defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrongUrl('its port is no port number');
  return { host: host === '' ? 'localhost' : host, port };
}

function parseSsl(parameters: ReadonlyMap<string, string>): Partial<PostgresConnection> {
  const mode = parameters.get('sslmode');
  const sslMode = sslModes.find((known) => known === mode);
  if (mode !== undefined && sslMode === undefined) {
    throw wrongUrl(`its sslmode must be one of ${sslModes.join(', ')}`);
  }
  const files = {
    sslRootCertificate: parameters.get('sslrootcert'),
    sslCertificate: parameters.get('sslcert'),
    sslKey: parameters.get('sslkey'),
  };
  const given = Object.entries(files).filter(([, path]) => path !== undefined && path !== '');
  return { ...(sslMode === undefined ? {} : { sslMode }), ...Object.fromEntries(given) };
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongUrl(`its ${part} has a "%" that is no percent-encoding; write "%25" for it`);
  }
}

function wrongUrl(reason: string): Failure {
  return new Failure('InvalidConfiguration', `The connection URL of PostgreSQL cannot be used: ${reason}`, {
    advice: 'Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.',
  });
}
