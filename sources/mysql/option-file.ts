import { Failure } from '../../contracts/failures.ts';
import { Secret } from '../../secrets/secret.ts';
import { isSocket, type MysqlConnection } from './connection.ts';
import type { Flavour } from './server.ts';

export interface OptionFileFacts {
  readonly flavour: Flavour;
  /** Whether our own session with the same settings is encrypted. */
  readonly isEncrypted: boolean;
}

/**
 * What a client program needs to reach a server, as an option file (manual of MySQL, "Using Option Files"):
 * nothing of it is an argument, which everybody on the machine could read.
 */
export function optionFile(connection: MysqlConnection, facts: OptionFileFacts): Secret {
  const { host, port, user, password, sslRootCertificate } = connection;
  const address = isSocket(host)
    ? { socket: host, protocol: 'SOCKET' }
    : { host, port: String(port), protocol: 'TCP' };
  const options: Readonly<Record<string, string>> = {
    ...address,
    user,
    password: password?.reveal() ?? '',
    ...(sslRootCertificate === undefined ? {} : { 'ssl-ca': sslRootCertificate }),
    ...tlsOptions(connection, facts),
  };
  const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(name, value)}`);
  return new Secret(`[client]\n${lines.join('\n')}\n`);
}

/** `loose-` has a program pass over an option that it does not know. */
function tlsOptions(
  { sslMode = 'prefer' }: MysqlConnection,
  { flavour, isEncrypted }: OptionFileFacts,
): Readonly<Record<string, string>> {
  const isVerified = sslMode === 'verify-ca' || sslMode === 'verify-full';
  if (flavour === 'mariadb') {
    return { ssl: isEncrypted ? '1' : '0', 'loose-ssl-verify-server-cert': isVerified ? '1' : '0' };
  }
  const verified = sslMode === 'verify-ca' ? 'VERIFY_CA' : 'VERIFY_IDENTITY';
  const encrypted = isVerified ? verified : 'REQUIRED';
  // Without encryption the server's public key protects the password on its way.
  return { 'ssl-mode': isEncrypted ? encrypted : 'DISABLED', 'loose-get-server-public-key': '1' };
}

/** A quote that is not escaped would end the text, and a "#" behind it begin a comment. */
function quoted(name: string, value: string): string {
  if (/[\n\r\0]/.test(value)) {
    throw new Failure('SourceUnsupported', `The ${name} of the MySQL connection holds a line break`, {
      advice: 'Choose one without line breaks: the option files of MySQL cannot hold them.',
    });
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
