import { InvalidArgumentError } from 'commander';
import { backfillSchedule } from '../../../schedules/operate.ts';
import { loadContextConfiguration } from '../../configuration.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { withControl } from '../../temporal.ts';

interface Options {
  readonly from: Date;
  readonly to?: Date;
  readonly force?: boolean;
}

export function defineBackfill({ parent, run }: Definition): void {
  const command = parent
    .command('backfill')
    .argument('<id>', 'id of the schedule')
    .description('start the runs of a past time, one after the other')
    .requiredOption('--from <time>', 'first time, such as 2026-11-20T00:00Z', time)
    .option('--to <time>', 'last time (default: now)', time)
    .option('--force', 'even if there are more than 100 runs')
    .action(
      run((context: CommandContext, id: string, options: Options) => backfill(context, id, options), {
        action: 'schedules.backfill',
        subjects: (id) => [id],
      }),
    );
  withExamples(command, [
    [
      'resguardo schedules backfill backup_compliance_check --from 2026-11-18T00:00Z --to 2026-11-20T23:59Z',
      'the checks of three days',
    ],
  ]);
}

async function backfill(context: CommandContext, id: string, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const { from, to = new Date(), force = false } = options;
  const times = await withControl(context, configuration, ({ client }) =>
    backfillSchedule(client.schedule, id, { from, to, force }),
  );
  await context.output.result(
    { id, times },
    [`${id}: ${times.length} runs are started, for`, ...times].join('\n'),
  );
  return 0;
}

/** A time without a zone would mean another one on another machine. */
function time(text: string): Date {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const date = new Date(text);
  if (isWhole && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('It must be a time with its zone, such as 2026-11-20T00:00Z.');
}
