import { buffer } from 'node:stream/consumers';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreCheck } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { readFile } from '../../repository/read-file.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { findNode } from '../../repository/tree/walk.ts';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import { type PostgresManifest, parseManifest } from '../../sources/postgres/manifest.ts';
import { PostgresSession } from '../../sources/postgres/session.ts';
import type { RestoredCounts, RestoreJob, Restorer } from '../restorer.ts';
import { compareDatabase } from './compare.ts';
import { isFinished } from './new-database.ts';
import { planDatabases } from './plan.ts';
import { restoreDatabase } from './restore.ts';

export interface PostgresRestorerOptions {
  /** Name of the source: the folder of its snapshots. */
  readonly source: string;
  /** Server that takes the databases. */
  readonly connection: PostgresConnection;
  /** Where programs are looked for. */
  readonly host: ProgramHost;
  /** Folder of pg_restore. Default: the best that is found. */
  readonly binDir?: string;
}

/** A snapshot of a server with a thousand databases has a manifest far below this. */
const longestManifestBytes = 256n * 1024n * 1024n;

/** Restores the databases of a snapshot into new databases of a server. */
export function createPostgresRestorer(options: PostgresRestorerOptions): Restorer {
  return {
    checkTarget: (target, signal) => checkTarget(options, target, signal),
    restore: (job) => restore(options, job),
    compare: (job) => compare(options, job),
    close: async () => {},
  };
}

/** Refuses the name of a database that exists. Several databases get longer names, which each restore checks. */
async function checkTarget(
  { connection }: PostgresRestorerOptions,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  const session = await PostgresSession.open(connection, connection.database, signal);
  try {
    await isFinished(session, { target, runId: '' });
    return target;
  } finally {
    await session.close();
  }
}

async function restore(options: PostgresRestorerOptions, job: RestoreJob): Promise<RestoredCounts> {
  const manifest = await readManifest(options, job);
  const plan = planDatabases(manifest, job.target, job.include);
  let bytes = 0;
  for (const [index, { database, target }] of plan.entries()) {
    const dump = await fileOf(options, job, database.file);
    const before = bytes;
    let read = 0;
    const restored = await restoreDatabase({
      connection: options.connection,
      host: options.host,
      ...(options.binDir !== undefined && { binDir: options.binDir }),
      manifest: database,
      sourceMajor: manifest.server.major,
      dump: readFile(job.reader, dump, job.signal),
      target,
      runId: job.runId,
      signal: job.signal,
      onBytes: (count) => {
        read += count;
        job.onProgress({ filesDone: index, bytesDone: before + read, current: target });
      },
      onActivity: (what) => job.onProgress({ current: `${target}: ${what}` }),
    });
    for (const warning of restored.warnings) job.onWarning(warning);
    bytes += restored.bytes;
  }
  return { files: plan.length, bytes };
}

async function compare(options: PostgresRestorerOptions, job: RestoreJob): Promise<readonly RestoreCheck[]> {
  const manifest = await readManifest(options, job);
  const plan = planDatabases(manifest, job.target, job.include);
  const checks: RestoreCheck[] = [];
  for (const { database, target } of plan) {
    const found = await compareDatabase({
      connection: options.connection,
      manifest: database,
      target,
      signal: job.signal,
      onActivity: (what) => job.onProgress({ current: `${target}: ${what}` }),
    });
    const named = found.map((check) => ({ ...check, subject: `${target}: ${check.subject}` }));
    checks.push(...(plan.length === 1 ? found : named));
  }
  return checks;
}

async function readManifest(options: PostgresRestorerOptions, job: RestoreJob): Promise<PostgresManifest> {
  const node = await fileOf(options, job, 'manifest.json');
  if ((node.size ?? 0n) > longestManifestBytes) {
    throw new Failure('RepositoryDamaged', `The manifest of ${options.source} is too large to be one`);
  }
  return parseManifest(await buffer(readFile(job.reader, node, job.signal)));
}

async function fileOf(
  { source }: PostgresRestorerOptions,
  { reader, tree, signal }: RestoreJob,
  name: string,
): Promise<TreeNode> {
  const path = `/${source}/${name}`;
  const node = await findNode(reader, tree, path, signal);
  if (node !== undefined) return node;
  throw new Failure(
    'SourceUnsupported',
    `The snapshot has no ${path}: it was not made of the source ${source}`,
    {
      advice: 'Restore its files with `resguardo repo restore`.',
    },
  );
}
