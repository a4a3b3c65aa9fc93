import type { PostgresMajor } from '../../tools/postgres.ts';
import type { SharedPostgres } from './environment.ts';
import { fileScope } from './file-scope.ts';
import { postgresOf } from './scoped-postgres.ts';

export { connectionUrl, createDatabase, type TestDatabase } from './scoped-postgres.ts';
export type { SharedPostgres };

const servers = new Map<PostgresMajor, Promise<SharedPostgres>>();

/**
 * A PostgreSQL of that major version for this test file, see `postgresOf`.
 * @throws {Failure} ToolMissing
 */
export async function postgresServer(major: PostgresMajor): Promise<SharedPostgres> {
  const server = servers.get(major) ?? postgresOf(fileScope, major);
  servers.set(major, server);
  return await server;
}
