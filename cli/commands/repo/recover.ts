import { recoverTrees } from '../../../repository/repair/recover.ts';
import { auditedRepository } from '../../audit.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { formatQuantity, shortId } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { programVersion } from '../../version.ts';

export function defineRepoRecover({ parent, run }: Definition): void {
  const command = parent
    .command('recover')
    .description('make a snapshot of all folders that no snapshot names any more');
  addRepositoryOptions(command).action(
    run(recover, { action: 'repo.recover', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    [
      'resguardo repo recover --repo /srv/backup',
      'after snapshots were removed or lost, and before any prune',
    ],
  ]);
}

async function recover(context: CommandContext, options: RepositorySelection): Promise<number> {
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    const version = `resguardo ${await programVersion()}`;
    const found = await withLockedRepository(
      context,
      { ...options, purpose: 'add' },
      (repository, signal) => {
        const row = board.row('recover');
        return recoverTrees(repository, {
          signal,
          programVersion: version,
          onProgress: (treesDone, treesTotal) =>
            row.update({
              phase: 'check',
              filesDone: 0,
              bytesDone: 0,
              bytesStored: 0,
              current: `folder ${treesDone + 1} of ${treesTotal}`,
            }),
          onUnreadable: (tree, reason) => board.warn({ subject: shortId(tree), message: reason }),
        }).finally(() => row.finish());
      },
    );
    board.close();
    const count = formatQuantity(found.trees.length, 'top folder');
    const text =
      found.snapshot === undefined
        ? 'Every folder belongs to a snapshot: there is nothing to recover'
        : `Found ${count} that no snapshot names; they are in the snapshot ${shortId(found.snapshot)}`;
    await output.summary(found, text);
    return 0;
  } finally {
    board.close();
  }
}
