import { type CopyResult, copySnapshots } from '../../../repository/copy.ts';
import { withLock } from '../../../repository/lock/with-lock.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { Snapshot } from '../../../repository/snapshot.ts';
import { matchesFilter } from '../../../repository/snapshot-filter.ts';
import { auditedRepository } from '../../audit.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addFromOptions, type FromSelection, fromRepository } from '../../from-repository.ts';
import { formatBytes, formatQuantity, shortId } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions, FromSelection {}

export function defineRepoCopy({ parent, run }: Definition): void {
  const command = parent
    .command('copy')
    .description('copy snapshots from another repository: all, those that the filters leave, or those named')
    .argument('[snapshot...]', 'first digits of ids, or "latest"');
  addFromOptions(addSnapshotOptions(addRepositoryOptions(command))).action(
    run(copy, {
      action: 'repo.copy',
      subjects: (_ids, options) => [auditedRepository(options)],
      detail: (ids) => ({ snapshots: ids.join(' ') }),
    }),
  );
  withExamples(command, [
    [
      'resguardo repo copy --from-repo /srv/backup --from-password-file a.key --repo /mnt/copy --password-file b.key',
      'what the copy has not yet',
    ],
  ]);
}

async function copy(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  const { output, signal } = context;
  const board = createProgressBoard({ output });
  try {
    const result = await withRepository(context, fromRepository(options), (from) =>
      withRepository(context, options, (to) =>
        withLock(from, { exclusive: false, signal }, (underFirst) =>
          withLock(to, { exclusive: false, signal: underFirst }, async (underBoth) => {
            const row = board.row('copy');
            const snapshots = await chosen(from, ids, options);
            return await copySnapshots({
              from,
              to,
              snapshots,
              signal: underBoth,
              onProgress: ({ snapshotsDone, snapshotsTotal, bytesDone }) =>
                row.update({
                  phase: 'commit',
                  filesDone: 0,
                  bytesDone,
                  bytesStored: bytesDone,
                  current: `snapshot ${snapshotsDone + 1} of ${snapshotsTotal}`,
                }),
            }).finally(() => row.finish());
          }),
        ),
      ),
    );
    board.close();
    await output.summary({ ...result, status: 'done' }, render(result));
    return 0;
  } finally {
    board.close();
  }
}

/** The oldest first: what a later one shares with it is there then. */
async function chosen(
  from: Repository,
  ids: readonly string[],
  options: Options,
): Promise<readonly Snapshot[]> {
  const filter = snapshotFilter(options);
  const named = new Map<string, Snapshot>();
  for (const id of ids) {
    const snapshot = await from.findSnapshot(id, filter);
    named.set(snapshot.id, snapshot);
  }
  if (ids.length > 0) return [...named.values()];
  const all = await Array.fromAsync(from.snapshots());
  return all
    .filter((snapshot) => matchesFilter(snapshot, filter))
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function render({ copied, skipped, blobs, bytes }: CopyResult): string {
  return [
    ...copied.map(({ source, snapshot }) => `${shortId(source)} is there as ${shortId(snapshot)}`),
    `Copied ${formatQuantity(copied.length, 'snapshot')}: ${formatQuantity(blobs, 'blob')}, ${formatBytes(bytes)}; ${skipped.length} were there`,
  ].join('\n');
}
