import { startRollback } from '../../control/restore.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { partialExitCode } from '../failure.ts';
import { followRun, noteMissingWorker } from '../follow.ts';
import { createProgressBoard } from '../output/progress.ts';
import { renderRollback } from '../output/restore.ts';
import { confirmByHand } from '../prompt.ts';
import { withControl } from '../temporal.ts';

interface Options {
  readonly yes?: boolean;
}

export function defineRollback({ parent, run }: Definition): void {
  const command = parent
    .command('rollback')
    .description('put back what a restore has replaced')
    .argument('<restore>', 'name that the restore has printed')
    .option('--yes', 'do not ask')
    .action(run(rollBack, { action: 'rollback', subjects: (restore) => [restore] }));
  withExamples(command, [['resguardo rollback shop-20261126T140512', 'undo that restore']]);
}

async function rollBack(context: CommandContext, restore: string, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  if (options.yes !== true) {
    await confirmByHand(
      context,
      `Put back what ${restore} has replaced, in the place of what it has restored?`,
      'Nothing was changed',
    );
  }
  const result = await withControl(context, configuration, async (control) => {
    const board = createProgressBoard({ output: context.output });
    try {
      const run = await startRollback(control, restore);
      await noteMissingWorker(run, board);
      // The run lives on without us: leaving it must not cancel it.
      return await followRun(context, { ...run, joined: true }, { title: restore, board });
    } finally {
      board.close();
    }
  });
  await context.output.summary(result, renderRollback(result));
  return (result.warnings ?? []).length > 0 ? partialExitCode : 0;
}
