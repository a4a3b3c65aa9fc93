import { repairedTag, repairingChange } from '../../../../repository/repair/repair-snapshots.ts';
import type { Snapshot } from '../../../../repository/snapshot.ts';
import { auditedRepository } from '../../../audit.ts';
import type { CommandContext, Definition } from '../../../context.ts';
import { withExamples } from '../../../examples.ts';
import { shortId } from '../../../output/format.ts';
import { type ReplaceOptions, renderReplaced, replaceAll } from '../../../replace-snapshots.ts';
import { addRepositoryOptions } from '../../../repository-access.ts';
import { addSnapshotOptions } from '../../../snapshot-options.ts';

export function defineRepairSnapshots({ parent, run }: Definition): void {
  const command = parent
    .command('snapshots')
    .description('write snapshots anew without the parts of files that are lost')
    .argument('[snapshot...]', 'first digits of ids, or "latest"; all when left out')
    .option('-n, --dry-run', 'tell what is lost and change nothing')
    .option('--forget', 'remove the damaged snapshots once the repaired ones are stored');
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(repair, {
      action: 'repo.repair-snapshots',
      subjects: (_ids, options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
    }),
  );
  withExamples(command, [
    ['resguardo repo repair snapshots --dry-run --repo /srv/backup', 'which files have lost something'],
    [
      'resguardo repo repair snapshots --forget --repo /srv/backup',
      'repaired snapshots in place of the damaged',
    ],
  ]);
}

async function repair(
  context: CommandContext,
  ids: readonly string[],
  options: ReplaceOptions,
): Promise<number> {
  let losses = 0;
  let current: Snapshot | undefined;
  const onLoss = (path: string, what: string): void => {
    losses += 1;
    context.output.warn(`warning: ${current ? `${shortId(current.id)}: ` : ''}${path}: ${what}`);
  };
  const results = await replaceAll(context, { ids, options }, (repository) => ({
    change: repairingChange(repository, onLoss),
    describe: (_snapshot, tree) => {
      current = undefined;
      return { tree, tag: repairedTag };
    },
    begin: (snapshot) => {
      current = snapshot;
    },
  }));
  await context.output.summary({ losses, snapshots: results }, renderReplaced(results, options));
  return 0;
}
