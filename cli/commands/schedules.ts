import type { Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { defineApply } from './schedules/apply.ts';
import { defineBackfill } from './schedules/backfill.ts';
import { defineList, defineShow } from './schedules/list.ts';
import { definePause, defineResume } from './schedules/pause.ts';
import { defineTrigger } from './schedules/trigger.ts';

export function defineSchedules({ parent, ...definition }: Definition): void {
  const group = parent
    .command('schedules')
    .description('schedules as code: what runs when, on the Temporal server');
  const inner = { parent: group, ...definition };
  for (const define of [
    defineApply,
    defineList,
    defineShow,
    definePause,
    defineResume,
    defineTrigger,
    defineBackfill,
  ]) {
    define(inner);
  }
  withExamples(group, [
    ['resguardo schedules apply --dry-run', 'see what would be changed on the server'],
    ['resguardo schedules apply', 'make the server match the configuration'],
    ['resguardo schedules list', 'see what runs next'],
    ['resguardo schedules trigger automated_backups', 'start it now'],
  ]);
}
