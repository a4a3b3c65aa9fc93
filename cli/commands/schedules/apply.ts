import { applyConfiguredSchedules } from '../../../control/schedules.ts';
import type { ScheduleChange } from '../../../schedules/apply.ts';
import { loadContextConfiguration } from '../../configuration.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { withControl } from '../../temporal.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

export function defineApply({ parent, run }: Definition): void {
  const command = parent
    .command('apply')
    .description('make the server have the schedules of the configuration; pauses and foreign schedules stay')
    .option('--dry-run', 'tell what would be done, and do nothing')
    .option('--force', 'even if all or most schedules, or one of somebody else, would go')
    .action(
      run(apply, {
        action: 'schedules.apply',
        subjects: ({ dryRun }) => (dryRun === true ? [] : ['(all)']),
        detail: ({ force }) => ({ force: force === true }),
      }),
    );
  withExamples(command, [
    ['resguardo schedules apply --dry-run', 'see the differences'],
    ['resguardo schedules apply', 'again and again, from a deployment too: a second time changes nothing'],
  ]);
}

async function apply(context: CommandContext, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  const { changes, warnings } = await withControl(context, configuration, (control) =>
    applyConfiguredSchedules(control, configuration.schedules, options),
  );
  for (const warning of warnings) context.output.warn(`warning: ${warning}`);
  const document = { dryRun: options.dryRun === true, changes, warnings };
  await context.output.result(document, renderChanges(changes, options.dryRun === true));
  return 0;
}

function renderChanges(changes: readonly ScheduleChange[], dryRun: boolean): string {
  const count = (kind: ScheduleChange['kind']) => changes.filter((change) => change.kind === kind).length;
  const summary = [
    `${count('create') + count('replace')} created`,
    `${count('update')} changed`,
    `${count('remove')} removed`,
    `${count('keep')} unchanged`,
  ].join(', ');
  return [...changes.flatMap(lines), dryRun ? `Would be: ${summary}. Nothing was done.` : `${summary}.`].join(
    '\n',
  );
}

function lines(change: ScheduleChange): readonly string[] {
  const start = `${change.kind.padEnd(8)}${change.id}`;
  switch (change.kind) {
    case 'remove':
      return [start];
    case 'keep':
      return [`${start}: ${change.timing}${change.paused ? ' (paused)' : ''}`];
    case 'create':
    case 'replace':
      return [`${start}: ${change.timing}`];
    case 'update':
      return [
        `${start}: ${change.timing}`,
        ...change.differences
          // A fingerprint says nothing to people, unless it is all that differs.
          .filter(({ field }, _, all) => field !== 'definition' || all.length === 1)
          .map(({ field, from, to }) =>
            field === 'definition' ? '          how it is stored' : `          ${field}: ${from} -> ${to}`,
          ),
      ];
  }
}
