import { type CopyResult, copySnapshots } from '../../../repository/copy.ts';
import { describingBlobs } from '../../../restore/describing-blobs.ts';
import { auditedRepository } from '../../audit.ts';
import { chosenSnapshots } from '../../chosen-snapshots.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addFromOptions, type FromSelection, fromRepository } from '../../from-repository.ts';
import { formatBytes, formatQuantity, shortId } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions } from '../../snapshot-options.ts';

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
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    const source = { ...fromRepository(options), purpose: 'read' as const };
    const result = await withLockedRepository(context, source, (from, fromSignal) =>
      withLockedRepository(context, { ...options, purpose: 'add' }, async (to, toSignal) => {
        const signal = AbortSignal.any([fromSignal, toSignal]);
        const row = board.row('copy');
        const snapshots = await chosenSnapshots(from, ids, options, signal);
        return await copySnapshots({
          from,
          to,
          snapshots,
          signal,
          describing: ({ tree }) => describingBlobs(from, tree, signal),
          ...(options.packSize === undefined ? {} : { packSizeBytes: options.packSize }),
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
    );
    board.close();
    await output.summary({ ...result, status: 'done' }, render(result));
    return 0;
  } finally {
    board.close();
  }
}

function render({ copied, skipped, blobs, bytes }: CopyResult): string {
  return [
    ...copied.map(({ source, snapshot }) => `${shortId(source)} is there as ${shortId(snapshot)}`),
    `Copied ${formatQuantity(copied.length, 'snapshot')}: ${formatQuantity(blobs, 'blob')}, ${formatBytes(bytes)}; ${skipped.length} were there`,
  ].join('\n');
}
