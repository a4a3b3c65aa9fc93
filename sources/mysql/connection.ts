import { Failure } from '../../contracts/failures.ts';
import { Secret } from '../../secrets/secret.ts';
import { type SslMode, sslModes } from '../ssl-modes.ts';

export interface MysqlConnection {
  /** Name or address of the server, or the path of its socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Left out where the server asks for none. */
  readonly password?: Secret;
  /** Default: `prefer`. */
  readonly sslMode?: SslMode;
  /** File of the certificates to trust. Default with `verify-…`: those of the system. */
  readonly sslRootCertificate?: string;
}

export const defaultPort = 3306;

/** `mysql://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`, each part but the first of which may be absent. */
const urlPattern = /^(?:mysql|mariadb):\/\/(?:([^/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * Parses a connection URL. The database in it is for the caller: a server has no database to connect to first.
 * @throws {Failure} InvalidConfiguration, which never repeats the URL
 */
export function parseMysqlUrl(url: Secret): MysqlConnection {
  const match = urlPattern.exec(url.reveal().trim());
  if (match === null) throw wrongUrl('it is not of the form mysql://USER:PASSWORD@HOST:PORT/DATABASE');
  const [, userPart = '', hostPart = '', , parameterPart = ''] = match;
  const { socket, ...ssl } = parseParameters(parameterPart);
  const [user = '', ...passwordParts] = userPart.split(':');
  const password = decode('password', passwordParts.join(':'));
  if (user === '') throw wrongUrl('it names no user');
  return {
    ...parseHost(hostPart),
    ...(socket === undefined ? {} : { host: socket }),
    user: decode('user', user),
    ...(password === '' ? {} : { password: new Secret(password) }),
    ...ssl,
  };
}

/** "db.internal:3306", or the path of the socket; for people. */
export function describeServer({ host, port }: Pick<MysqlConnection, 'host' | 'port'>): string {
  if (isSocket(host)) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isSocket(host: string): boolean {
  return host.startsWith('/');
}

function parseHost(text: string): Pick<MysqlConnection, 'host' | 'port'> {
  const match = /^(\[[^\]]*\]|[^:,]*)(?::(\d*))?$/.exec(text);
  if (match === null) throw wrongUrl('it must name one HOST or HOST:PORT');
  const host = decode('host', match[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  const port = Number(match[2] || defaultPort);
  if (port < 1 || port > 65_535) throw wrongUrl('its port is no port number');
  return { host: host === '' ? 'localhost' : host, port };
}

/** Names that drivers give to the same things; MySQL's own modes, and ours. */
const modes: Readonly<Record<string, SslMode>> = {
  disabled: 'disable',
  preferred: 'prefer',
  required: 'require',
  verify_ca: 'verify-ca',
  verify_identity: 'verify-full',
  ...Object.fromEntries(sslModes.map((mode) => [mode, mode])),
};

/** Parameters that say how text is sent, which we settle ourselves. */
const ignoredParameters = ['charset', 'characterEncoding', 'connect_timeout', 'serverTimezone', 'useUnicode'];

function parseParameters(
  text: string,
): Pick<MysqlConnection, 'sslMode' | 'sslRootCertificate'> & { readonly socket?: string } {
  let found: { sslMode?: SslMode; sslRootCertificate?: string; socket?: string } = {};
  for (const pair of text.split('&').filter((part) => part !== '')) {
    const [name = '', ...words] = pair.split('=');
    const value = decode(name, words.join('='));
    if (/^ssl[-_]?mode$/i.test(name)) {
      const sslMode = modes[value.toLowerCase()];
      if (sslMode === undefined) throw wrongUrl(`its ${name} must be one of ${sslModes.join(', ')}`);
      found = { ...found, sslMode };
    } else if (/^(ssl[-_]?ca|sslrootcert)$/i.test(name)) found = { ...found, sslRootCertificate: value };
    else if (/^(unix_)?socket$/i.test(name)) found = { ...found, socket: value };
    else if (!ignoredParameters.includes(name)) throw wrongUrl(`its parameter "${name}" is not supported`);
  }
  return found;
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongUrl(`its ${part} has a "%" that is no percent-encoding; write "%25" for it`);
  }
}

function wrongUrl(reason: string): Failure {
  return new Failure('InvalidConfiguration', `The connection URL of MySQL cannot be used: ${reason}`, {
    advice: 'Write it as mysql://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded.',
  });
}
