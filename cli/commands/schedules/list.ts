import { listSchedules, type ScheduleState, showSchedule } from '../../../schedules/operate.ts';
import { loadContextConfiguration } from '../../configuration.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { renderTable } from '../../output/table.ts';
import { withControl } from '../../temporal.ts';

export function defineList({ parent, run }: Definition): void {
  const command = parent
    .command('list')
    .description('the schedules on the server, with their next times')
    .action(run(list));
  withExamples(command, [
    ['resguardo schedules list', 'what runs next'],
    ['resguardo schedules list --json', 'for programs'],
  ]);
}

export function defineShow({ parent, run }: Definition): void {
  const command = parent
    .command('show')
    .argument('<id>', 'id of the schedule')
    .description('one schedule: its times, its last runs, what was missed')
    .action(run(show));
  withExamples(command, [['resguardo schedules show automated_backups', 'the nightly backup']]);
}

async function list(context: CommandContext): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const schedules = await withControl(context, configuration, ({ client }) => listSchedules(client.schedule));
  await context.output.result(schedules, renderList(schedules));
  return 0;
}

async function show(context: CommandContext, id: string): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const schedule = await withControl(context, configuration, ({ client }) =>
    showSchedule(client.schedule, id),
  );
  await context.output.result(schedule, renderSchedule(schedule));
  return 0;
}

function renderList(schedules: readonly ScheduleState[]): string {
  if (schedules.length === 0) return 'There are no schedules yet: resguardo schedules apply';
  const rows = schedules.map(({ id, timing, nextAt, recent, paused, ours }) => [
    id,
    timing,
    paused ? 'paused' : minute(nextAt[0]),
    minute(recent[0]?.takenAt),
    ours ? '' : 'not made by Resguardo',
  ]);
  return renderTable(
    ['schedule', 'when', 'next (UTC)', 'last (UTC)', ''].map((title) => ({ title })),
    rows,
  );
}

function renderSchedule(schedule: ScheduleState): string {
  const { id, title, workflowType, timing, paused, note, nextAt, recent, running, taken, missed, skipped } =
    schedule;
  const facts: readonly (readonly [string, string])[] = [
    ['schedule', id],
    ['what', title],
    ['workflow', workflowType],
    ['when', timing],
    ['state', paused ? 'paused' : 'active'],
    ['note', note],
    ['next (UTC)', nextAt.slice(0, 3).map(minute).join(', ')],
    ['running', running.join(', ') || 'nothing'],
    ['so far', `${taken} started, ${missed} missed, ${skipped} left out because the one before still ran`],
  ];
  const runs = recent
    .slice(0, 10)
    .map(({ takenAt, workflowId, runId }) => `  ${minute(takenAt)}  ${workflowId}  ${runId}`);
  return [
    ...facts.map(([name, value]) => `${name.padEnd(12)}${value}`),
    'last runs (UTC)',
    ...(runs.length > 0 ? runs : ['  none']),
  ].join('\n');
}

/** "2026-11-21 02:03" */
function minute(iso: string | undefined): string {
  return iso === undefined ? '-' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}
