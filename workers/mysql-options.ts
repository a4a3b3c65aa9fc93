import type { MysqlSourceConfiguration } from '../configuration/schema.ts';
import type { MysqlSourceOptions } from '../sources/mysql/source.ts';

/** What a source of the configuration asks for. */
export function mysqlSourceOptions(
  name: string,
  { databases, excludeDatabases, excludeTables, users, binDir }: MysqlSourceConfiguration,
  given: Pick<MysqlSourceOptions, 'connection' | 'host'>,
): MysqlSourceOptions {
  return {
    name,
    ...given,
    ...(databases !== undefined && { databases }),
    ...(excludeDatabases !== undefined && { excludeDatabases }),
    ...(excludeTables !== undefined && { excludeTables }),
    ...(users !== undefined && { users }),
    ...(binDir !== undefined && { binDir }),
  };
}
