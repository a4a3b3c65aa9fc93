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

const form: UrlForm = { server: 'MySQL', schemes: ['mysql', 'mariadb'] };

/**
 * Parses a connection URL. The database in it is for the caller: a server has no database to connect to first.
 * @throws {Failure} InvalidConfiguration, which never repeats the URL
 */
export function parseMysqlUrl(url: Secret): MysqlConnection {
  const { user, password, host, port, parameters } = parseConnectionUrl(url, form);
  const { socket, ...ssl } = parseParameters(parameters);
  if (user === '') throw wrongUrl(form, 'it names no user');
  return {
    host: socket ?? (host === '' ? 'localhost' : host),
    port: portOf(form, port, defaultPort),
    user,
    ...(password === '' ? {} : { password: new Secret(password) }),
    ...ssl,
  };
}

/** "db.internal:3306", or the path of the socket; for people. */
export function describeServer(connection: Pick<MysqlConnection, 'host' | 'port'>): string {
  return isSocket(connection.host) ? connection.host : describeAddress(connection);
}

export function isSocket(host: string): boolean {
  return host.startsWith('/');
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
  parameters: readonly UrlParameter[],
): Pick<MysqlConnection, 'sslMode' | 'sslRootCertificate'> & { readonly socket?: string } {
  let found: { sslMode?: SslMode; sslRootCertificate?: string; socket?: string } = {};
  for (const { name, value } of parameters) {
    if (/^ssl[-_]?mode$/i.test(name)) {
      const sslMode = modes[value.toLowerCase()];
      if (sslMode === undefined) throw wrongUrl(form, `its ${name} must be one of ${sslModes.join(', ')}`);
      found = { ...found, sslMode };
    } else if (/^(ssl[-_]?ca|sslrootcert)$/i.test(name)) found = { ...found, sslRootCertificate: value };
    else if (/^(unix_)?socket$/i.test(name)) found = { ...found, socket: value };
    else if (!ignoredParameters.includes(name))
      throw wrongUrl(form, `its parameter "${name}" is not supported`);
  }
  return found;
}
