import type { Configuration } from '../configuration/load.ts';
import type { LeftOver } from '../restore/left-over.ts';
import { findMysqlLeftOvers } from '../restore/mysql/find-left-overs.ts';
import { findPostgresLeftOvers } from '../restore/postgres/find-left-overs.ts';
import { mysqlConnection, postgresConnection } from './database-connections.ts';

/** What restores have left on the server of a source; none where it is no server of databases. */
export async function findLeftOvers(
  { sources }: Configuration,
  env: NodeJS.ProcessEnv,
  { source, signal }: { readonly source: string; readonly signal: AbortSignal },
): Promise<readonly LeftOver[]> {
  const settings = Object.hasOwn(sources, source) ? sources[source] : undefined;
  if (settings?.kind === 'mysql') {
    return await findMysqlLeftOvers(await mysqlConnection(settings.connection, env), signal);
  }
  if (settings?.kind === 'postgres') {
    return await findPostgresLeftOvers(await postgresConnection(settings.connection, env), signal);
  }
  return [];
}
