import { rm } from 'node:fs/promises';
import type { CommandContext } from '../cli/context.ts';
import { followRun } from '../cli/follow.ts';
import { formatBytes, formatCount, formatQuantity } from '../cli/output/format.ts';
import { createProgressBoard } from '../cli/output/progress.ts';
import { Failure } from '../contracts/failures.ts';
import type { BackupResult, RestoreResult, VerificationResult } from '../contracts/jobs.ts';
import { restoreWorkflowId } from '../contracts/queues.ts';
import { startBackup } from '../control/backup.ts';
import type { Control } from '../control/client.ts';
import { startRestore } from '../control/restore.ts';
import { cancelRun, findRun, type Run, runResult } from '../control/runs.ts';
import { startVerification } from '../control/verification.ts';
import { Secret } from '../secrets/secret.ts';
import { compareDatabases } from './compare-databases.ts';
import { compareFiles } from './compare-files.ts';
import { type Place, projectFolders } from './place.ts';
import { type ShopDatabase, withClient, withDatabase } from './shop/fill.ts';
import type { Steps } from './steps.ts';

export interface StoryParts {
  readonly context: Pick<CommandContext, 'output' | 'interrupt' | 'signal'>;
  readonly control: Control;
  readonly place: Place;
  readonly server: Secret;
  readonly shop: ShopDatabase;
  readonly steps: Steps;
}

export interface StoryResult {
  readonly backups: readonly BackupResult[];
  readonly verification: VerificationResult;
  readonly runs: readonly Run<unknown>[];
}

/** The main job: back up, verify, restore, compare, clean up; all but comparing and cleaning goes through Temporal. */
export async function tellStory(parts: StoryParts): Promise<StoryResult> {
  const { steps, control } = parts;
  await endLeftovers(parts);
  const runs: Run<unknown>[] = [];
  const follow = async <T>(title: string, run: Run<T>): Promise<T> => {
    runs.push(run);
    const board = createProgressBoard({ output: parts.context.output });
    try {
      return await followRun(parts.context, run, { title, board });
    } finally {
      board.close();
    }
  };
  const backUp = (source: string) =>
    steps.run(
      `Back up ${source}`,
      async () =>
        follow(source, await startBackup(control, { source, tags: ['demo'] }, { onConflict: 'join' })),
      describeBackup,
    );
  const beganAt = new Date();
  const database = await backUp('shop');
  const files = await backUp('files');

  const verification = await steps.run(
    'Verify the repository',
    async () =>
      follow(
        'main',
        await startVerification(
          control,
          { repository: 'main', readDataPercent: 100 },
          { onConflict: 'join' },
        ),
      ),
    ({ snapshots, blobs, bytesRead }) =>
      `${formatQuantity(snapshots, 'snapshot')}, ${formatQuantity(blobs, 'blob')}, ${formatBytes(bytesRead)} read, no damage`,
  );

  const restoredName = `shop_restored_${Date.now()}`;
  const restore = (source: string, snapshot: string, target: string) =>
    steps.run(
      `Restore ${source}`,
      async () => follow(source, await startRestore(control, { source, snapshot, target })),
      describeRestore,
    );
  await restore('shop', database.snapshot, restoredName);
  await restore('files', files.snapshot, parts.place.restoredFolder);

  await compare(parts, restoredName, beganAt);
  await steps.run('Remove what was restored', () => removeRestored(parts));
  return { backups: [database, files], verification, runs };
}

/** A demo that was killed may have left restores under way; what they restored is of no use to anybody. */
async function endLeftovers(parts: StoryParts): Promise<void> {
  for (const source of ['shop', 'files']) {
    const run = await findRun<unknown>(parts.control, restoreWorkflowId(source));
    if (run === undefined) continue;
    await cancelRun(run);
    await runResult(run).catch(() => {});
  }
  await removeRestored(parts);
}

async function removeRestored({ server, place }: StoryParts): Promise<void> {
  await rm(place.restoredFolder, { recursive: true, force: true });
  await withClient(server, async (client) => {
    const { rows } = await client.query<{ drop: string }>(
      "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) AS drop FROM pg_database WHERE datname LIKE 'shop\\_restored\\_%'",
    );
    for (const { drop } of rows) await client.query(drop);
  });
}

async function compare(
  { steps, server, shop, place }: StoryParts,
  restoredName: string,
  beganAt: Date,
): Promise<void> {
  const restored = withDatabaseName(server, restoredName);
  await steps.run(
    'Compare the databases',
    async () => refuse('database', await compareDatabases(shop.url, restored)),
    ({ tables, rows, objects }) =>
      `${formatQuantity(tables, 'table')}, ${formatQuantity(rows, 'row')}, ${formatQuantity(objects, 'further object')}: equal`,
  );
  const question = {
    paths: [place.treeFolder, ...projectFolders],
    target: place.restoredFolder,
    backupBeganAt: beganAt,
  };
  await steps.run(
    'Compare the files',
    async () => refuse('files', await compareFiles(question)),
    ({ files, folders, links, bytes }) =>
      `${formatQuantity(files, 'file')}, ${formatQuantity(folders, 'folder')}, ${formatQuantity(links, 'link')}, ${formatBytes(bytes)}: content, modes, owners and times equal`,
  );
}

function withDatabaseName(server: Secret, name: string): Secret {
  return new Secret(withDatabase(server.reveal(), name));
}

function refuse<T extends { readonly differences: readonly string[] }>(what: string, comparison: T): T {
  const { differences } = comparison;
  if (differences.length === 0) return comparison;
  throw new Failure(
    'RestoreMismatch',
    `The restored ${what} differ from the original in ${formatCount(differences.length)} places: ${differences.slice(0, 10).join('; ')}`,
  );
}

function describeBackup({ summary, snapshot, warningCount }: BackupResult): string {
  const warnings = warningCount === 0 ? '' : `, ${formatQuantity(warningCount, 'warning')}`;
  return `${formatBytes(summary.totalBytesProcessed)} read, ${formatBytes(summary.dataAddedPacked)} stored, snapshot ${snapshot.slice(0, 8)}${warnings}`;
}

function describeRestore({ files, bytes, checks }: RestoreResult): string {
  const passed = checks.filter((check) => check.passed).length;
  return `${formatQuantity(files, 'file')}, ${formatBytes(bytes)}, ${passed} of ${formatQuantity(checks.length, 'check')} passed`;
}
