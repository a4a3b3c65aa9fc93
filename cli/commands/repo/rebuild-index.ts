import type { Command } from 'commander';
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
  defineRebuild(parent.command('rebuild-index'), run, 'resguardo repo rebuild-index');
}

/** The same under restic's name. */
export function defineRepairIndex({ parent, run }: Definition): void {
  defineRebuild(parent.command('index'), run, 'resguardo repo repair index');
}

function defineRebuild(named: Command, run: Definition['run'], example: string): void {
  const command = named
    .description('write the index anew from the packs that are there')
    .option('--read-all-packs', 'trust nothing of the old index: read the header of every pack');
  addRepositoryOptions(command).action(
    run(rebuild, { action: 'repo.rebuild-index', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [[`${example} --repo /srv/backup`, 'after a check that found the index damaged']]);
}

interface Options extends RepositorySelection {
  readonly readAllPacks?: boolean;
}

async function rebuild(context: CommandContext, options: Options): Promise<number> {
  const { signal, output } = context;
  const board = createProgressBoard({ output });
  try {
    const result = await withRepository(context, options, async (repository) => {
      const row = board.row('index');
      return await rebuildIndex(repository, {
        signal,
        readAllPacks: options.readAllPacks === true,
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
