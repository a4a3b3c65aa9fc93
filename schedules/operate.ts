import { setTimeout as delay } from 'node:timers/promises';
import { type ScheduleClient, type ScheduleDescription, ScheduleOverlapPolicy } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { Failure } from '../contracts/failures.ts';
import { scheduleIds } from '../contracts/schedules.ts';
import { describeSpec } from './mapping.ts';
import { call } from './rpc.ts';
import { describeSchedule, isOurs, listOurs } from './server.ts';

export interface ScheduledRun {
  readonly workflowId: string;
  readonly runId: string;
  /** Times in UTC; the first includes the jitter. */
  readonly scheduledAt: string;
  readonly takenAt: string;
}

/** A schedule as the server has it. Times are ISO strings in UTC. */
export interface ScheduleState {
  readonly id: string;
  /** Summary of its runs. */
  readonly title: string;
  /** False for a schedule that somebody else made under one of our ids. */
  readonly ours: boolean;
  readonly workflowType: string;
  readonly timing: string;
  readonly paused: boolean;
  readonly note: string;
  readonly nextAt: readonly string[];
  /** Newest first. */
  readonly recent: readonly ScheduledRun[];
  readonly running: readonly string[];
  readonly taken: number;
  readonly missed: number;
  readonly skipped: number;
}

export interface BackfillRequest {
  readonly from: Date;
  readonly to: Date;
  /** Allows more than 100 runs. */
  readonly force?: boolean;
}

export type Triggered =
  | ({ readonly kind: 'started' } & ScheduledRun)
  /** Starts when the run under way has ended. */
  | { readonly kind: 'waiting'; readonly behind: readonly string[] }
  /** The server has accepted it and has not started it within some seconds. */
  | { readonly kind: 'requested' };

const backfillLimit = 100;
const startPolls = 50;
/** A run that has just ended is still counted as running for a moment. */
const waitingPolls = 10;
const startPollMs = 100;

/** All schedules of ours on the server, in the order of the manual. */
export async function listSchedules(client: ScheduleClient): Promise<readonly ScheduleState[]> {
  const ours = await listOurs(client);
  const ids = new Set<string>([...scheduleIds, ...ours.map(({ id }) => id)]);
  const found = await Promise.all([...ids].map((id) => describeSchedule(client, id)));
  return found.filter((description) => description !== undefined).map(state);
}

/** @throws {Failure} InvalidInput if the server has no such schedule */
export async function showSchedule(client: ScheduleClient, id: string): Promise<ScheduleState> {
  return state(await existing(client, id));
}

/** Pauses until `resumeSchedule`; `schedules apply` leaves the pause and its note alone. Safe to repeat. */
export async function pauseSchedule(client: ScheduleClient, id: string, note: string): Promise<void> {
  await existing(client, id);
  await call(client, `schedule ${id}`, () => client.getHandle(id).pause(note));
}

export async function resumeSchedule(client: ScheduleClient, id: string, note: string): Promise<void> {
  await existing(client, id);
  await call(client, `schedule ${id}`, () => client.getHandle(id).unpause(note));
}

/** Starts a run now, paused or not; behind the one under way, when there is one. */
export async function triggerSchedule(
  client: ScheduleClient,
  id: string,
  signal?: AbortSignal,
): Promise<Triggered> {
  const before = await existing(client, id);
  const known = new Set(before.info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId));
  await call(client, `schedule ${id}`, () => client.getHandle(id).trigger(ScheduleOverlapPolicy.BUFFER_ONE));
  for (let poll = 1; ; poll += 1) {
    const { info } = await existing(client, id);
    const started = info.recentActions.map(run).findLast(({ runId }) => !known.has(runId));
    if (started !== undefined) return { kind: 'started', ...started };
    const behind = info.runningActions.map(({ workflow }) => workflow.workflowId);
    if (behind.length > 0 && poll >= waitingPolls) return { kind: 'waiting', behind };
    if (poll === startPolls) return { kind: 'requested' };
    await delay(startPollMs, undefined, signal === undefined ? {} : { signal });
  }
}

/**
 * Starts the runs of a past time, one after the other.
 * @returns the times that are made up for
 * @throws {Failure} InvalidInput if there are none, or more than 100 without `force`
 */
export async function backfillSchedule(
  client: ScheduleClient,
  id: string,
  { from, to, force = false }: BackfillRequest,
): Promise<readonly string[]> {
  await existing(client, id);
  const times = await matchingTimes(client, id, { from, to });
  if (times.length === 0) {
    throw new Failure(
      'InvalidInput',
      `Schedule ${id} has no time from ${from.toISOString()} to ${to.toISOString()}`,
    );
  }
  if (times.length > backfillLimit && !force) {
    throw new Failure('InvalidInput', `Schedule ${id} would run ${times.length} times`, {
      advice: 'Choose a shorter time, or allow it with --force.',
    });
  }
  const range = { start: from, end: to, overlap: ScheduleOverlapPolicy.BUFFER_ALL };
  await call(client, `schedule ${id}`, () => client.getHandle(id).backfill(range));
  return times;
}

async function matchingTimes(
  client: ScheduleClient,
  scheduleId: string,
  { from, to }: BackfillRequest,
): Promise<readonly string[]> {
  const { namespace } = client.options;
  // The server takes the start as exclusive here, and as inclusive when it backfills.
  const range = { startTime: msToTs(from.getTime() - 1), endTime: msToTs(to.getTime()) };
  const { startTime } = await call(client, `schedule ${scheduleId}`, () =>
    client.workflowService.listScheduleMatchingTimes({ namespace, scheduleId, ...range }),
  );
  return startTime.map(({ seconds }) => new Date(Number(seconds ?? 0) * 1000).toISOString());
}

async function existing(client: ScheduleClient, id: string): Promise<ScheduleDescription> {
  const description = await describeSchedule(client, id);
  if (description !== undefined) return description;
  throw new Failure('InvalidInput', `There is no schedule ${id} on the server`, {
    advice: `Write one of ${scheduleIds.join(', ')}; or create them with \`resguardo schedules apply\`.`,
  });
}

function state(description: ScheduleDescription): ScheduleState {
  const { scheduleId, spec, action, info } = description;
  return {
    id: scheduleId,
    title: action.staticSummary ?? '',
    ours: isOurs(description),
    workflowType: action.workflowType,
    timing: describeSpec(spec),
    paused: description.state.paused,
    note: description.state.note ?? '',
    nextAt: info.nextActionTimes.map((time) => time.toISOString()),
    recent: info.recentActions.map(run).toReversed(),
    running: info.runningActions.map(({ workflow }) => workflow.workflowId),
    taken: info.numActionsTaken,
    missed: info.numActionsMissedCatchupWindow,
    skipped: info.numActionsSkippedOverlap,
  };
}

function run({
  action,
  scheduledAt,
  takenAt,
}: ScheduleDescription['info']['recentActions'][number]): ScheduledRun {
  return {
    workflowId: action.workflow.workflowId,
    runId: action.workflow.firstExecutionRunId,
    scheduledAt: scheduledAt.toISOString(),
    takenAt: takenAt.toISOString(),
  };
}
