import { join } from 'node:path';
import type { ProgramHost } from '../../programs/host.ts';
import { runProgram } from '../../programs/run.ts';
import { readFile } from '../../repository/read-file.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import type { ClientTools } from '../../sources/postgres/client-tools.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { databaseString, libpqSettings } from '../../sources/postgres/libpq.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import type { SnapshotWork } from '../database-restorer.ts';
import { restoreFailure } from './target-errors.ts';

/** Parts of a dump as pg_restore knows them, in their order. */
export const sections = ['pre-data', 'data', 'post-data'];

export interface SectionRequest {
  readonly connection: PostgresConnection;
  readonly host: ProgramHost;
  readonly tools: ClientTools;
  readonly database: DatabaseManifest;
  readonly dump: TreeNode;
  readonly section: string;
  /** Database that takes it. */
  readonly beside: string;
  /** Further options of pg_restore. */
  readonly options: readonly string[];
  readonly work: SnapshotWork;
}

/** What the role or the server may have set otherwise. A crash loses nothing that counts: the swap comes later. */
const sessionOptions = '-c default_transaction_read_only=off -c synchronous_commit=off';

/**
 * Loads one section in one transaction, so that another attempt finds all of it or nothing.
 * @returns bytes of the dump that were read
 * @throws {Failure} TargetUnwritable, StorageFull, SourceUnreachable, ToolFailed; of the repository
 */
export async function loadSection(request: SectionRequest): Promise<number> {
  const { connection, host, tools, database, dump, section, beside, options, work } = request;
  const { env, ...secrets } = libpqSettings(connection, beside);
  let bytes = 0;
  try {
    const program = runProgram({
      command: join(tools.folder, 'pg_restore'),
      args: [
        `--dbname=${databaseString(beside)}`,
        `--section=${section}`,
        '--single-transaction',
        '--exit-on-error',
        '--no-password',
        // A subscription of the copy would take changes away from that of the original.
        '--no-subscriptions',
        ...options,
      ],
      ...secrets,
      env: { ...env, PGOPTIONS: sessionOptions },
      host,
      signal: work.signal,
      stdin: counted(readFile(work.reader, dump, work.signal), (count) => {
        bytes += count;
        work.onProgress({ bytesDone: bytes, current: `${beside}: ${section}` });
      }),
    });
    program.stdout.resume();
    await program.completed;
    return section === 'data' ? bytes : 0;
  } catch (error) {
    throw restoreFailure(`The restore of the database "${database.name}"`, error);
  }
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
