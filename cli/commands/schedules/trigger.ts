import { type Triggered, triggerSchedule } from '../../../schedules/operate.ts';
import { loadContextConfiguration } from '../../configuration.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { withControl } from '../../temporal.ts';

export function defineTrigger({ parent, run }: Definition): void {
  const command = parent
    .command('trigger')
    .argument('<id...>', 'ids of schedules')
    .description('start a run of the schedule now, paused or not')
    .action(
      run((context: CommandContext, ids: readonly string[]) => trigger(context, ids), {
        action: 'schedules.trigger',
        subjects: (ids) => ids,
      }),
    );
  withExamples(command, [
    ['resguardo schedules trigger automated_backups', 'the nightly backup, now'],
    ['temporal schedule trigger --schedule-id automated_backups', "the same by Temporal's own tool"],
  ]);
}

async function trigger(context: CommandContext, ids: readonly string[]): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const started = await withControl(context, configuration, async ({ client }) => {
    const results: ({ readonly id: string } & Triggered)[] = [];
    for (const id of ids)
      results.push({ id, ...(await triggerSchedule(client.schedule, id, context.signal)) });
    return results;
  });
  await context.output.result(started, started.map(renderTriggered).join('\n'));
  return 0;
}

function renderTriggered(triggered: { readonly id: string } & Triggered): string {
  switch (triggered.kind) {
    case 'started':
      return `${triggered.id}: started ${triggered.workflowId} (run ${triggered.runId})`;
    case 'waiting':
      return `${triggered.id}: starts after the run under way (${triggered.behind.join(', ')})`;
    case 'requested':
      return `${triggered.id}: accepted, not started yet: resguardo schedules show ${triggered.id}`;
  }
}
