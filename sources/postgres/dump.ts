import { join } from 'node:path';
import type { ProgramHost } from '../../programs/host.ts';
import { type RunningProgram, runProgram } from '../../programs/run.ts';
import type { ClientTools } from './client-tools.ts';
import type { PostgresConnection } from './connection.ts';
import { type DumpFacts, DumpInspector } from './dump-format.ts';
import { libpqSettings } from './libpq.ts';
import { programFailure } from './program-errors.ts';
import type { DatabaseSnapshot } from './snapshot.ts';

export interface ProgramContext {
  readonly connection: PostgresConnection;
  readonly tools: ClientTools;
  readonly host: ProgramHost;
  /** Longest wait for the locks of a dump, in ms. */
  readonly lockTimeoutMs: number;
  readonly signal: AbortSignal;
}

export interface FinishedDump extends DumpFacts {
  readonly bytes: number;
}

/**
 * The dump of one database as its snapshot sees it, in pg_dump's custom format without compression, so that
 * equal rows stay equal bytes. Ends only when pg_dump has succeeded and the dump is whole; its return value
 * is what is known of it then.
 *
 * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, Stalled, ToolFailed
 */
export async function* dumpDatabase(
  { connection, tools, host, lockTimeoutMs, signal }: ProgramContext,
  snapshot: DatabaseSnapshot,
): AsyncGenerator<Buffer, FinishedDump, undefined> {
  const { database, lost } = snapshot.session;
  const inspector = new DumpInspector();
  let bytes = 0;
  let program: RunningProgram | undefined;
  try {
    program = runProgram({
      command: join(tools.folder, 'pg_dump'),
      args: [
        '--format=custom',
        '--compress=0',
        '--no-password',
        '--no-sync',
        `--snapshot=${snapshot.id}`,
        `--lock-wait-timeout=${lockTimeoutMs}`,
      ],
      ...libpqSettings(connection, database),
      host,
      signal: AbortSignal.any([signal, lost]),
    });
    for await (const chunk of program.stdout) {
      inspector.feed(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    return { ...inspector.finish(), bytes };
  } catch (error) {
    throw programFailure(`The dump of the database "${database}"`, error);
  } finally {
    // A reader that gives up has destroyed the output; the program may need a moment to end.
    await program?.completed.catch(() => {});
  }
}
