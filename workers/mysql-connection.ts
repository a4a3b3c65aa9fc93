import type { MysqlSourceConfiguration } from '../configuration/mysql-schema.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import { Secret } from '../secrets/secret.ts';
import { type MysqlConnection, parseMysqlUrl } from '../sources/mysql/connection.ts';

/** The connection of a source, its secrets resolved. */
export async function mysqlConnection(
  connection: MysqlSourceConfiguration['connection'],
  env: NodeJS.ProcessEnv,
): Promise<MysqlConnection> {
  if (typeof connection === 'string') {
    const isUrl = /^(mysql|mariadb):/.test(connection);
    return parseMysqlUrl(isUrl ? new Secret(connection) : await resolveSecret(connection, env));
  }
  const { password, sslMode, sslRootCertificate, ...fields } = connection;
  return {
    ...fields,
    ...(password !== undefined && { password: await resolveSecret(password, env) }),
    ...(sslMode !== undefined && { sslMode }),
    ...(sslRootCertificate !== undefined && { sslRootCertificate }),
  };
}
