import { auditedRepository } from '../../audit.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { formatQuantity } from '../../output/format.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

interface Options extends RepositorySelection {
  readonly removeAll?: boolean;
}

export function defineRepoUnlock({ parent, run }: Definition): void {
  const command = parent
    .command('unlock')
    .description('remove locks that dead processes left')
    .option('--remove-all', 'remove all locks, those of living processes too');
  addRepositoryOptions(command).action(
    run(unlock, {
      action: 'repo.unlock',
      subjects: (options) => [auditedRepository(options)],
      detail: ({ removeAll }) => ({ removeAll: removeAll === true }),
    }),
  );
  withExamples(command, [
    [
      'resguardo repo unlock --repo /srv/backup',
      'remove stale locks: those not refreshed for 30 minutes, or of a dead process here',
    ],
  ]);
}

async function unlock(context: CommandContext, options: Options): Promise<number> {
  const { signal, output } = context;
  const removed = await withRepository(context, options, (repository) =>
    repository.unlock({ all: options.removeAll === true, signal }),
  );
  await output.result({ removed }, `Removed ${formatQuantity(removed, 'lock')}`);
  return 0;
}
