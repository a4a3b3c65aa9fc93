import type { SharedMariadb } from './environment.ts';
import { fileScope } from './file-scope.ts';
import { mariadbOf } from './scoped-mariadb.ts';

export { createDatabase, execute, select, type TestDatabase } from './scoped-mariadb.ts';
export type { SharedMariadb };

let server: Promise<SharedMariadb> | undefined;

/**
 * A MariaDB for this test file, see `mariadbOf`.
 * @throws {Failure} ToolMissing
 */
export async function mariadbServer(): Promise<SharedMariadb> {
  server ??= mariadbOf(fileScope);
  return await server;
}
