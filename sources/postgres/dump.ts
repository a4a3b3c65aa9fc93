import { join } from 'node:path';
import type { ProgramHost } from '../../programs/host.ts';
import { largeOutputBuffer } from '../../programs/output-buffer.ts';
import { runProgram } from '../../programs/run.ts';
import type { ClientTools } from './client-tools.ts';
import type { PostgresConnection } from './connection.ts';
import { libpqSettings } from './libpq.ts';
import { programFailure } from './program-errors.ts';
import { programSettings } from './session.ts';
import type { DatabaseSnapshot } from './snapshot.ts';

export interface ProgramContext {
  readonly connection: PostgresConnection;
  readonly tools: ClientTools;
  readonly host: ProgramHost;
  /** Longest wait for the locks of a dump, in ms. */
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The output of one pg_dump, as its snapshot sees the database, in the custom format without compression, so
 * that equal rows stay equal bytes. Ends only when pg_dump has succeeded. Each piece is valid until the next one is
 * asked for.
 * @param args choose what is dumped
 * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, Stalled, ToolFailed
 */
export async function* runDump(
  { connection, tools, host, lockTimeoutMs, signal }: ProgramContext,
  snapshot: DatabaseSnapshot,
  args: readonly string[],
): AsyncGenerator<Buffer> {
  const { database, lost } = snapshot.session;
  const { env, ...secrets } = libpqSettings(connection, database);
  try {
    const program = runProgram({
      command: join(tools.folder, 'pg_dump'),
      args: [
        '--format=custom',
        '--compress=0',
        '--no-password',
        '--no-sync',
        `--snapshot=${snapshot.id}`,
        `--lock-wait-timeout=${lockTimeoutMs}`,
        ...args,
      ],
      ...secrets,
      env: { ...env, ...largeOutputBuffer(), PGOPTIONS: programSettings },
      host,
      isLent: true,
      signal: AbortSignal.any([signal, lost]),
    });
    yield* program.lend();
  } catch (error) {
    throw programFailure(`The dump of the database "${database}"`, error);
  }
}
