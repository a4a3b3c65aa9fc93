import { type RebuildIndexResult, rebuildIndex } from '../../../repository/rebuild-index.ts';
import { auditedRepository } from '../../audit.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { damageExitCode } from '../../failure.ts';
import { formatQuantity } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

export function defineRepoRebuildIndex({ parent, run }: Definition): void {
  const command = addRepositoryOptions(
    parent.command('rebuild-index').description('write the index anew from the packs that are there'),
  ).action(
    run(rebuild, { action: 'repo.rebuild-index', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['resguardo repo rebuild-index --repo /srv/backup', 'after a check that found the index damaged'],
  ]);
}

async function rebuild(context: CommandContext, options: RepositorySelection): Promise<number> {
  const { signal, output } = context;
  const board = createProgressBoard({ output });
  try {
    const result = await withRepository(context, options, async (repository) => {
      const row = board.row('index');
      return await rebuildIndex(repository, {
        signal,
        onProgress: ({ packsDone, packsTotal }) =>
          row.update({
            phase: 'check',
            filesDone: packsDone,
            totalFiles: packsTotal,
            bytesDone: 0,
            bytesStored: 0,
          }),
      }).finally(() => row.finish());
    });
    board.close();
    const isDamage = result.damages.length > 0;
    const document = { ...result, status: isDamage ? 'damaged' : 'done' };
    await output.summary(document, render(result), { isDamage });
    return isDamage ? damageExitCode : 0;
  } finally {
    board.close();
  }
}

function render({ packs, packsAdded, packsDropped, damages }: RebuildIndexResult): string {
  return [
    `The index names ${formatQuantity(packs, 'pack')}: ${packsAdded} added, ${packsDropped} dropped because they are gone`,
    ...damages.map((damage) => `  ${damage}`),
  ].join('\n');
}
