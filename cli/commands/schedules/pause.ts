import type { ScheduleClient } from '@temporalio/client';
import { Failure } from '../../../contracts/failures.ts';
import type { AuditDetail } from '../../../control/audit.ts';
import { listSchedules, pauseSchedule, resumeSchedule } from '../../../schedules/operate.ts';
import { loadContextConfiguration } from '../../configuration.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { withControl } from '../../temporal.ts';

interface Options {
  readonly all?: boolean;
  readonly note?: string;
}

type Change = (client: ScheduleClient, id: string, note: string) => Promise<void>;

/** For the audit log. */
const named = {
  subjects: (ids: readonly string[], { all }: Options) => (all === true ? ['(all)'] : ids),
  detail: (_ids: readonly string[], { note }: Options): AuditDetail => (note === undefined ? {} : { note }),
};

export function definePause({ parent, run }: Definition): void {
  const command = parent
    .command('pause')
    .argument('[id...]', 'ids of schedules')
    .description('start no more runs until resume; schedules apply leaves the pause alone')
    .option('--all', 'all schedules of ours')
    .option('--note <text>', 'why, for whoever finds it paused')
    .action(
      run(
        (context: CommandContext, ids: readonly string[], options: Options) => pause(context, ids, options),
        { action: 'schedules.pause', ...named },
      ),
    );
  withExamples(command, [
    ['resguardo schedules pause automated_backups --note "storage moves, until Friday"', 'one of them'],
    ['resguardo schedules pause --all --note maintenance', 'all of them'],
  ]);
}

export function defineResume({ parent, run }: Definition): void {
  const command = parent
    .command('resume')
    .argument('[id...]', 'ids of schedules')
    .description('go on after a pause')
    .option('--all', 'all schedules of ours')
    .option('--note <text>', 'note on the schedule')
    .action(
      run(
        (context: CommandContext, ids: readonly string[], options: Options) => resume(context, ids, options),
        { action: 'schedules.resume', ...named },
      ),
    );
  withExamples(command, [['resguardo schedules resume automated_backups', 'one of them']]);
}

function pause(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  return changeAll(context, { ids, options, change: pauseSchedule, done: 'Paused' });
}

function resume(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  return changeAll(context, { ids, options, change: resumeSchedule, done: 'Resumed' });
}

interface Request {
  readonly ids: readonly string[];
  readonly options: Options;
  readonly change: Change;
  readonly done: 'Paused' | 'Resumed';
}

async function changeAll(context: CommandContext, { ids, options, change, done }: Request): Promise<number> {
  if (ids.length > 0 === (options.all === true)) {
    throw new Failure('InvalidInput', 'Which schedules is not clear', {
      advice: 'Give ids of schedules, or --all. See `resguardo schedules list`.',
    });
  }
  const configuration = await loadContextConfiguration(context);
  const changed = await withControl(context, configuration, async ({ client }) => {
    const wanted =
      options.all === true ? (await listSchedules(client.schedule)).filter(({ ours }) => ours) : undefined;
    const chosen = wanted?.map(({ id }) => id) ?? ids;
    const note = options.note ?? `${done} by resguardo schedules ${done === 'Paused' ? 'pause' : 'resume'}`;
    for (const id of chosen) await change(client.schedule, id, note);
    return chosen;
  });
  await context.output.result(
    { [done.toLowerCase()]: changed },
    `${done}: ${changed.join(', ') || 'nothing'}`,
  );
  return 0;
}
