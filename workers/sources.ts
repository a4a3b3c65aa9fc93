import type { Configuration } from '../configuration/load.ts';
import { Failure } from '../contracts/failures.ts';
import { parseSize } from '../contracts/size.ts';
import { programHost } from '../programs/host.ts';
import { createCommandRestorer } from '../restore/command/restorer.ts';
import type { DatabaseRestorer } from '../restore/database-restorer.ts';
import { createFilesRestorer } from '../restore/files/restorer.ts';
import { createMysqlRestorer } from '../restore/mysql/database-restorer.ts';
import { createPostgresRestorer } from '../restore/postgres/database-restorer.ts';
import type { Restorer } from '../restore/restorer.ts';
import { createCommandSource } from '../sources/command/source.ts';
import { createFilesSource } from '../sources/files/source.ts';
import { createMysqlSource } from '../sources/mysql/source.ts';
import { createPostgresSource } from '../sources/postgres/source.ts';
import type { Source } from '../sources/source.ts';
import { resolvedCommand } from './command.ts';
import { mysqlConnection, postgresConnection } from './database-connections.ts';
import { mysqlSourceOptions } from './mysql-options.ts';
import { notHere } from './not-here.ts';
import { postgresSourceOptions } from './postgres-options.ts';

/** The source of the configuration, its secrets resolved. */
export async function createSource(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  name: string,
): Promise<Source> {
  const source = sourceNamed(configuration, name);
  switch (source.kind) {
    case 'files':
      return createFilesSource({
        ...source,
        ...(source.excludeLargerThan !== undefined && {
          excludeLargerThanBytes: parseSize(source.excludeLargerThan) ?? 0,
        }),
      });
    case 'postgres': {
      const connection = await postgresConnection(source.connection, env);
      return createPostgresSource(
        postgresSourceOptions(name, source, { connection, host: programHost(env) }),
      );
    }
    case 'command': {
      const command = await resolvedCommand(source.command, source, env);
      return createCommandSource({ name, command, file: source.file, host: programHost(env) });
    }
    case 'mysql': {
      const connection = await mysqlConnection(source.connection, env);
      return createMysqlSource(mysqlSourceOptions(name, source, { connection, host: programHost(env) }));
    }
  }
}

/** What puts snapshots of a source back that is no database. */
export async function createRestorer(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  name: string,
): Promise<Restorer> {
  const source = sourceNamed(configuration, name);
  const { kind } = source;
  if (kind === 'files') return createFilesRestorer();
  if (kind === 'command') {
    const { file, restoreCommand: words } = source;
    const restoreCommand = words && (await resolvedCommand(words, source, env));
    return createCommandRestorer({ source: name, file, restoreCommand, host: programHost(env) });
  }
  throw new Failure('Internal', `What a source of kind ${kind} holds is restored in another way`);
}

export interface DatabaseRestorerRequest {
  readonly source: string;
  readonly to: string;
  /** For fault tests: called between the steps of a swap. */
  readonly onStep?: (step: string) => Promise<void> | void;
}

/** What puts the databases of `source` back, on the server of the source `to`. */
export async function createDatabaseRestorer(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  { source, to, onStep }: DatabaseRestorerRequest,
): Promise<DatabaseRestorer> {
  const { kind } = sourceNamed(configuration, source);
  const server = sourceNamed(configuration, to);
  if (server.kind === 'mysql' && kind === 'mysql') {
    return createMysqlRestorer({
      source,
      connection: await mysqlConnection(server.connection, env),
      host: programHost(env),
      ...(server.binDir !== undefined && { binDir: server.binDir }),
      ...(onStep !== undefined && { onStep }),
    });
  }
  if (server.kind !== kind || server.kind !== 'postgres') {
    throw new Failure(
      'InvalidInput',
      `to: the source ${to} is of kind ${server.kind}, and ${source} of kind ${kind}`,
    );
  }
  return createPostgresRestorer({
    source,
    connection: await postgresConnection(server.connection, env),
    host: programHost(env),
    ...(server.binDir !== undefined && { binDir: server.binDir }),
    ...(server.jobs !== undefined && { jobs: server.jobs }),
  });
}

function sourceNamed(configuration: Configuration, name: string) {
  const source = Object.hasOwn(configuration.sources, name) && configuration.sources[name];
  if (source) return source;
  throw notHere('source', name);
}
