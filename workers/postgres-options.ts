import type { PostgresSourceConfiguration } from '../configuration/schema.ts';
import { parseDuration } from '../contracts/duration.ts';
import type { DumpSelection } from '../sources/postgres/dump-selection.ts';
import type { PostgresSourceOptions } from '../sources/postgres/source.ts';

/** What a source of the configuration asks for. */
export function postgresSourceOptions(
  name: string,
  source: PostgresSourceConfiguration,
  given: Pick<PostgresSourceOptions, 'connection' | 'host'>,
): PostgresSourceOptions {
  const { databases, excludeDatabases, binDir, rolePasswords, jobs, lockTimeout } = source;
  const lockTimeoutMs = lockTimeout === undefined ? undefined : parseDuration(lockTimeout);
  return {
    name,
    ...given,
    selection: selectionOf(source),
    ...(databases !== undefined && { databases }),
    ...(excludeDatabases !== undefined && { excludeDatabases }),
    ...(binDir !== undefined && { binDir }),
    ...(rolePasswords !== undefined && { rolePasswords }),
    ...(jobs !== undefined && { jobs }),
    ...(lockTimeoutMs !== undefined && { lockTimeoutMs }),
  };
}

function selectionOf(source: PostgresSourceConfiguration): DumpSelection {
  const { tables, schemas, excludeTables, excludeSchemas, excludeTableData, schemaOnly } = source;
  return {
    ...(tables !== undefined && { tables }),
    ...(schemas !== undefined && { schemas }),
    ...(excludeTables !== undefined && { excludeTables }),
    ...(excludeSchemas !== undefined && { excludeSchemas }),
    ...(excludeTableData !== undefined && { excludeTableData }),
    ...(schemaOnly !== undefined && { schemaOnly }),
  };
}
