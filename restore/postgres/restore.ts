import { join } from 'node:path';
import type { Warning } from '../../contracts/jobs.ts';
import { type ProgramHost, programHost } from '../../programs/host.ts';
import { runProgram } from '../../programs/run.ts';
import { whileWatched } from '../../sources/postgres/activity.ts';
import type { ClientTools } from '../../sources/postgres/client-tools.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { databaseString, libpqSettings } from '../../sources/postgres/libpq.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import {
  createUnfinished,
  dropUnfinished,
  finishDatabase,
  isFinished,
  type NewDatabase,
  unfinishedName,
} from './new-database.ts';
import { checkTarget, type RestorePreflight } from './preflight.ts';
import { restoreFailure, targetFailure } from './target-errors.ts';

export interface PostgresRestoreRequest {
  /** Server that takes the database. */
  readonly connection: PostgresConnection;
  readonly manifest: DatabaseManifest;
  /** Major version of the server that was backed up. */
  readonly sourceMajor: number;
  /** Bytes of the dump; read once, unless an earlier attempt has finished the database. */
  readonly dump: AsyncIterable<Uint8Array>;
  /** Name of the new database. */
  readonly target: string;
  /** Workflow run id: by it another attempt knows what this one has left. */
  readonly runId: string;
  /** Folder of pg_restore. Default: the best that is found. */
  readonly binDir?: string;
  readonly host?: ProgramHost;
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
  /** Tells what the server is at, while no bytes are read. */
  readonly onActivity?: (what: string) => void;
}

export interface RestoredDatabase {
  /** Bytes of the dump. */
  readonly bytes: number;
  readonly warnings: readonly Warning[];
}

/** Longest attempt to drop what a failed restore has made, in ms; another attempt would drop it too. */
const cleanUpTimeoutMs = 30_000;

/**
 * Restores a dump into a new database, which gets its name only when it is whole. Whatever goes wrong, no
 * database of that name exists afterwards, and one that existed before is as it was.
 *
 * @throws {Failure} TargetConflict, TargetUnwritable, StorageFull, SourceUnsupported, ToolMissing,
 *   SourceUnreachable, SourceAuthentication, ToolFailed; an error of `dump`; the reason of the abort
 */
export async function restoreDatabase(request: PostgresRestoreRequest): Promise<RestoredDatabase> {
  const { connection, manifest, signal } = request;
  const session = await PostgresSession.open(connection, connection.database, signal);
  try {
    if (await isFinished(session, request)) return { bytes: manifest.dump.bytes, warnings: [] };
    const host = request.host ?? programHost(process.env);
    const preflight = await checkTarget(session, { ...request, host });
    try {
      await createUnfinished(session, request, { properties: manifest.properties, major: preflight.major });
      const watched = {
        ...request,
        database: unfinishedName(request),
        report: request.onActivity ?? (() => {}),
      };
      const bytes = await whileWatched(watched, async () => {
        const count = await loadDump(request, preflight, host);
        await analyse(request);
        return count;
      });
      const options = { properties: manifest.properties, missingRoles: preflight.missingRoles };
      const warnings = await finishDatabase(session, request, options);
      return { bytes, warnings: [...preflight.warnings, ...warnings] };
    } catch (error) {
      await dropWhatWasMade(connection, request);
      throw error;
    }
  } finally {
    await session.close();
  }
}

async function loadDump(
  request: PostgresRestoreRequest,
  { tools, options }: RestorePreflight,
  host: ProgramHost,
): Promise<number> {
  const name = unfinishedName(request);
  const { env, ...secrets } = libpqSettings(request.connection, name);
  let bytes = 0;
  try {
    const program = runProgram({
      ...pgRestore(tools, name, options),
      ...secrets,
      env: { ...env, PGOPTIONS: sessionOptions },
      host,
      signal: request.signal,
      stdin: counted(request.dump, (count) => {
        bytes += count;
        request.onBytes?.(count);
      }),
    });
    program.stdout.resume();
    await program.completed;
    return bytes;
  } catch (error) {
    throw restoreFailure(`The restore of the database "${request.manifest.name}"`, error);
  }
}

/** What the role or the server may have set otherwise. A crash loses nothing that counts: the name comes later. */
const sessionOptions = '-c default_transaction_read_only=off -c synchronous_commit=off';

function pgRestore(tools: ClientTools, name: string, options: readonly string[]) {
  return {
    command: join(tools.folder, 'pg_restore'),
    args: [
      `--dbname=${databaseString(name)}`,
      '--exit-on-error',
      '--no-password',
      // A subscription of the copy would take changes away from that of the original.
      '--no-subscriptions',
      ...options,
    ],
  };
}

async function* counted(
  input: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    yield chunk;
    count(chunk.length);
  }
}

/** Statistics are not in a dump: without them the planner is blind. */
async function analyse({ connection, signal, ...database }: PostgresRestoreRequest): Promise<void> {
  const session = await PostgresSession.open(connection, unfinishedName(database), signal);
  try {
    await session.run('ANALYZE');
  } catch (error) {
    throw targetFailure(`Analysing the database "${database.target}"`, error);
  } finally {
    await session.close();
  }
}

/** Tries its best: the failure that made it necessary is the one to tell. */
async function dropWhatWasMade(connection: PostgresConnection, database: NewDatabase): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpTimeoutMs);
  try {
    const session = await PostgresSession.open(connection, connection.database, signal);
    try {
      await dropUnfinished(session, database);
    } finally {
      await session.close();
    }
  } catch {
    // Another attempt of the run drops it, or the sweeper, which knows the names of unfinished databases.
  }
}
