import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { Failure } from '../../contracts/failures.ts';
import type { PostgresConnection } from './connection.ts';

/** libpq's name for the certificates that the system trusts. */
const systemRoots = 'system';

/**
 * The file of trusted certificates where the mode asks for trust: the given one, libpq's own default, or
 * `system`; so that our connections and those of the programs judge alike.
 * @throws {Failure} InvalidConfiguration for verify-ca without a file: libpq refuses that with `system`
 */
export function rootCertificate(connection: PostgresConnection): string | undefined {
  const { sslMode = 'prefer', sslRootCertificate } = connection;
  if (sslRootCertificate !== undefined || !sslMode.startsWith('verify')) return sslRootCertificate;
  const usual = join(homedir(), '.postgresql', 'root.crt');
  if (existsSync(usual)) return usual;
  if (sslMode === 'verify-full') return systemRoots;
  throw new Failure('InvalidConfiguration', 'The sslmode verify-ca needs a file of trusted certificates', {
    advice: 'Name it as sslrootcert in the URL, put it at ~/.postgresql/root.crt, or use verify-full.',
  });
}

/**
 * What Node needs for a connection of that mode; false where it is not encrypted. `prefer` is tried by the
 * caller, first as `require` and then as `disable`.
 * @throws {Failure} InvalidConfiguration if a file cannot be read
 */
export async function tlsOptions(connection: PostgresConnection): Promise<ConnectionOptions | false> {
  const { host, sslMode = 'prefer', sslCertificate, sslKey } = connection;
  if (sslMode === 'disable' || host.startsWith('/')) return false;
  const root = rootCertificate(connection);
  const verify = sslMode.startsWith('verify');
  return {
    // `require` with a file verifies the chain too, as in libpq.
    rejectUnauthorized: verify || root !== undefined,
    ...(root === undefined || root === systemRoots ? {} : { ca: await readPem(root) }),
    ...(sslCertificate === undefined ? {} : { cert: await readPem(sslCertificate) }),
    ...(sslKey === undefined ? {} : { key: await readPem(sslKey) }),
    checkServerIdentity: (_name, certificate) =>
      sslMode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'InvalidConfiguration',
      `A file for the connection to PostgreSQL cannot be read: ${reason}`,
      {
        cause: error,
      },
    );
  }
}
