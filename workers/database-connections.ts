import { referencePattern } from '../configuration/reference-schema.ts';
import type { MysqlSourceConfiguration, PostgresSourceConfiguration } from '../configuration/schema.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import { Secret } from '../secrets/secret.ts';
import { type MysqlConnection, parseMysqlUrl } from '../sources/mysql/connection.ts';
import { type PostgresConnection, parsePostgresUrl } from '../sources/postgres/connection.ts';

/** The connection of a source, its secrets resolved. */
export async function postgresConnection(
  connection: PostgresSourceConfiguration['connection'],
  env: NodeJS.ProcessEnv,
): Promise<PostgresConnection> {
  if (typeof connection !== 'string') {
    const { password, sslMode, sslRootCertificate, ...fields } = connection;
    return { ...fields, ...(await optional({ password, sslMode, sslRootCertificate }, env)) };
  }
  return parsePostgresUrl(await resolvedUrl(connection, env));
}

/** The connection of a source, its secrets resolved. */
export async function mysqlConnection(
  connection: MysqlSourceConfiguration['connection'],
  env: NodeJS.ProcessEnv,
): Promise<MysqlConnection> {
  if (typeof connection !== 'string') {
    const { password, sslMode, sslRootCertificate, ...fields } = connection;
    return { ...fields, ...(await optional({ password, sslMode, sslRootCertificate }, env)) };
  }
  return parseMysqlUrl(await resolvedUrl(connection, env));
}

/** A URL as it stands, or the one that a reference leads to. */
async function resolvedUrl(text: string, env: NodeJS.ProcessEnv): Promise<Secret> {
  return referencePattern.test(text) ? await resolveSecret(text, env) : new Secret(text);
}

interface OptionalFields<Mode> {
  /** A reference. */
  readonly password: string | undefined;
  readonly sslMode: Mode | undefined;
  readonly sslRootCertificate: string | undefined;
}

async function optional<Mode>(
  { password, sslMode, sslRootCertificate }: OptionalFields<Mode>,
  env: NodeJS.ProcessEnv,
) {
  return {
    ...(password !== undefined && { password: await resolveSecret(password, env) }),
    ...(sslMode !== undefined && { sslMode }),
    ...(sslRootCertificate !== undefined && { sslRootCertificate }),
  };
}
