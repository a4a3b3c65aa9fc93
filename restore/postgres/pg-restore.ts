import { join } from 'node:path';
import type { ProgramHost } from '../../programs/host.ts';
import { runProgram } from '../../programs/run.ts';
import type { ClientTools } from '../../sources/postgres/client-tools.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { databaseString, libpqSettings } from '../../sources/postgres/libpq.ts';
import { restoreFailure } from './target-errors.ts';

/** How every pg_restore of a restore is run. */
export interface RestoreProgram {
  readonly connection: PostgresConnection;
  readonly host: ProgramHost;
  readonly tools: ClientTools;
  /** Database that takes the data. */
  readonly beside: string;
  /** Options for what the target does not have. */
  readonly options: readonly string[];
  readonly signal: AbortSignal;
}

export interface RestoreRun {
  readonly args: readonly string[];
  /** A dump in the custom format, where the arguments name no folder. */
  readonly dump?: AsyncIterable<Uint8Array>;
}

/** What the role or the server may have set otherwise. A crash loses nothing that counts: the swap comes later. */
const sessionOptions = '-c default_transaction_read_only=off -c synchronous_commit=off';

/** @throws {Failure} TargetUnwritable, StorageFull, SourceUnreachable, ToolFailed; of the dump */
export async function runRestore(program: RestoreProgram, { args, dump }: RestoreRun): Promise<void> {
  const { connection, host, tools, beside, options, signal } = program;
  const { env, ...secrets } = libpqSettings(connection, beside);
  try {
    const running = runProgram({
      command: join(tools.folder, 'pg_restore'),
      args: [
        `--dbname=${databaseString(beside)}`,
        '--exit-on-error',
        '--no-password',
        // A subscription of the copy would take changes away from that of the original.
        '--no-subscriptions',
        ...options,
        ...args,
      ],
      ...secrets,
      env: { ...env, PGOPTIONS: sessionOptions },
      host,
      signal,
      ...(dump !== undefined && { stdin: dump }),
    });
    running.stdout.resume();
    await running.completed;
  } catch (error) {
    throw restoreFailure(`The restore of the database "${beside}"`, error);
  }
}
