import { ScheduleAlreadyRunning, type ScheduleClient } from '@temporalio/client';
import { Failure } from '../contracts/failures.ts';
import { type Difference, differences, type ServerContext, scheduleOptions } from './mapping.ts';
import { call } from './rpc.ts';
import { deleteSchedule, describeSchedule, isOurs, listOurs, updateSchedule } from './server.ts';
import { describeTiming, type ScheduleDefinition } from './spec.ts';

export type ScheduleChange =
  | { readonly kind: 'create'; readonly id: string; readonly timing: string }
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly timing: string;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: 'keep'; readonly id: string; readonly timing: string; readonly paused: boolean }
  /** Somebody else has a schedule of that id; with `force` it is replaced. */
  | { readonly kind: 'replace'; readonly id: string; readonly timing: string }
  | { readonly kind: 'remove'; readonly id: string };

export interface ApplyRequest {
  readonly client: ScheduleClient;
  readonly definitions: readonly ScheduleDefinition[];
  readonly context: ServerContext;
  /** Tells what would change, and changes nothing. */
  readonly dryRun?: boolean;
  /** Goes on although everything, more than half, or somebody else's schedule would go. */
  readonly force?: boolean;
}

/** Somebody else may change the same schedule at the same time; then we look again, this often. */
const attempts = 5;

/**
 * Makes the server have exactly these schedules of ours. Safe to repeat and to run twice at a time; pauses,
 * notes and the schedules of others stay as they are. Nothing is changed when the whole would be refused.
 * @returns what was changed, or what would be, in the order of the definitions
 * @throws {Failure} InvalidConfiguration (nothing is defined), TargetConflict (too much would go, or a
 *   schedule of that id belongs to somebody else), TemporalUnavailable
 */
export async function applySchedules(request: ApplyRequest): Promise<readonly ScheduleChange[]> {
  const { client, definitions, dryRun = false, force = false } = request;
  const planned = await planChanges(request);
  if (!force) refuse(planned, definitions);
  if (dryRun) return planned;
  const changes: ScheduleChange[] = [];
  for (const schedule of definitions) changes.push(await converge(request, schedule));
  for (const change of planned) {
    if (change.kind !== 'remove') continue;
    await deleteSchedule(client, change.id);
    changes.push(change);
  }
  return changes;
}

async function planChanges(request: ApplyRequest): Promise<readonly ScheduleChange[]> {
  const { client, definitions } = request;
  const changes: ScheduleChange[] = [];
  for (const schedule of definitions) changes.push(await nextChange(request, schedule));
  const defined = new Set<string>(definitions.map(({ id }) => id));
  for (const { id } of await listOurs(client)) {
    // The list may still name what is already gone.
    if (!defined.has(id) && (await describeSchedule(client, id)) !== undefined)
      changes.push({ kind: 'remove', id });
  }
  return changes;
}

async function nextChange(
  { client, context }: ApplyRequest,
  schedule: ScheduleDefinition,
): Promise<ScheduleChange> {
  const { id } = schedule;
  const timing = describeTiming(schedule);
  const current = await describeSchedule(client, id);
  if (current === undefined) return { kind: 'create', id, timing };
  if (!isOurs(current)) return { kind: 'replace', id, timing };
  const found = differences(schedule, context, current);
  if (found.length > 0) return { kind: 'update', id, timing, differences: found };
  return { kind: 'keep', id, timing, paused: current.state.paused };
}

function refuse(planned: readonly ScheduleChange[], definitions: readonly ScheduleDefinition[]): void {
  const foreign = planned.filter(({ kind }) => kind === 'replace').map(({ id }) => id);
  const going = planned.filter(({ kind }) => kind === 'remove').map(({ id }) => id);
  const ours = planned.filter(({ kind }) => kind === 'keep' || kind === 'update').length + going.length;
  if (definitions.length === 0) {
    throw new Failure(
      'InvalidConfiguration',
      'No schedule is defined, so that all of ours would be removed',
      {
        advice:
          'Enable a schedule in the configuration; or remove all of them with `resguardo schedules apply --force`.',
      },
    );
  }
  if (foreign.length > 0) {
    throw new Failure('TargetConflict', `Not made by Resguardo, and under our name: ${foreign.join(', ')}`, {
      advice: 'Rename or delete that schedule; or replace it with `resguardo schedules apply --force`.',
    });
  }
  if (going.length * 2 > ours) {
    throw new Failure(
      'TargetConflict',
      `${going.length} of our ${ours} schedules would be removed: ${going.join(', ')}`,
      {
        advice: 'Check that this is the right configuration; if so, use `resguardo schedules apply --force`.',
      },
    );
  }
}

/** Changes the server until it matches; what it took the first time is what is told. */
async function converge(request: ApplyRequest, schedule: ScheduleDefinition): Promise<ScheduleChange> {
  let first: ScheduleChange | undefined;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const change = await nextChange(request, schedule);
    if (change.kind === 'keep') return first ?? change;
    if (await perform(request, schedule, change)) first ??= change;
  }
  throw new Failure(
    'TargetConflict',
    `Schedule ${schedule.id} is changed by somebody else at the same time`,
    {
      advice: 'Find out who else applies schedules to this namespace, and with which configuration.',
    },
  );
}

/** Resolves to false when somebody else was faster. */
async function perform(
  request: ApplyRequest,
  schedule: ScheduleDefinition,
  change: ScheduleChange,
): Promise<boolean> {
  const { client, context, force = false } = request;
  if (change.kind === 'update') {
    await updateSchedule(client, schedule, context);
    return true;
  }
  if (change.kind === 'replace') {
    if (!force) refuse([change], [schedule]);
    await deleteSchedule(client, schedule.id);
  }
  try {
    await call(client, `schedule ${schedule.id}`, () => client.create(scheduleOptions(schedule, context)));
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}
