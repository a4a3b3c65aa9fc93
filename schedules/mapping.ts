import {
  type CalendarSpec,
  type CalendarSpecDescription,
  DAYS_OF_WEEK,
  type DayOfWeek,
  type ScheduleDescription,
  type ScheduleOptions,
  type ScheduleOptionsStartWorkflowAction,
  ScheduleOverlapPolicy,
  type ScheduleSpecDescription,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Weekday } from '../configuration/schedules-schema.ts';
import { weekdays } from '../configuration/schedules-schema.ts';
import { formatDuration } from '../contracts/duration.ts';
import { type CalendarTiming, describeTiming, fingerprint, type ScheduleDefinition } from './spec.ts';

/** Value of the memo `managedBy`: what has it is ours, and nothing else is ever touched. */
export const managedBy = 'resguardo';

/** What the server's copy of a schedule depends on besides its definition. */
export interface ServerContext {
  readonly taskQueue: string;
  /** Id of the key that encrypts what Temporal stores; a new key rewrites the schedules. */
  readonly encryptionKeyId?: string;
}

/** One thing that the server has otherwise. */
export interface Difference {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

type Action = ScheduleOptionsStartWorkflowAction<Workflow>;

const overlapPolicies = {
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  skip: ScheduleOverlapPolicy.SKIP,
} as const;

/** What creates the schedule. */
export function scheduleOptions(
  schedule: ScheduleDefinition,
  context: ServerContext,
): ScheduleOptions<Action> {
  return {
    scheduleId: schedule.id,
    ...sharedOptions(schedule, context),
    state: { note: schedule.title },
    memo: { managedBy },
  };
}

/** What changes the schedule: all but its state, so that a pause and its note stay as they are. */
export function updateOptions(
  schedule: ScheduleDefinition,
  context: ServerContext,
  current: ScheduleDescription,
): ScheduleUpdateOptions<Action> {
  return { ...sharedOptions(schedule, context), state: current.state };
}

/** What the server has otherwise, be it by an older configuration or by somebody's hand. */
export function differences(
  schedule: ScheduleDefinition,
  context: ServerContext,
  current: ScheduleDescription,
): readonly Difference[] {
  const wanted = wantedFacts(schedule, context);
  const found = foundFacts(current);
  return Object.entries(wanted)
    .filter(([field, to]) => found[field] !== to)
    .map(([field, to]) => ({ field, from: found[field] ?? 'nothing', to }));
}

function sharedOptions(schedule: ScheduleDefinition, context: ServerContext) {
  const { timing, title, id } = schedule;
  return {
    spec: {
      ...(timing.kind === 'calendar'
        ? { calendars: timing.times.map((time) => calendarSpec(timing, time)) }
        : { intervals: [{ every: timing.everyMs, offset: timing.offsetMs }] }),
      jitter: schedule.jitterMs,
      timezone: schedule.timeZone,
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: schedule.workflowType,
      workflowId: schedule.workflowId,
      taskQueue: context.taskQueue,
      args: [schedule.input],
      staticSummary: `${title} (schedule ${id})`,
      // The schedule's own memo cannot be changed later, the action's can.
      memo: { managedBy, definition: contextualFingerprint(schedule, context) },
    },
    policies: {
      overlap: overlapPolicies[schedule.overlap],
      catchupWindow: schedule.catchUpMs,
      pauseOnFailure: false,
    },
  };
}

function calendarSpec({ weekdays: chosen, dayOfMonth }: CalendarTiming, time: string): CalendarSpec {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return {
    hour,
    minute,
    ...(chosen === undefined ? {} : { dayOfWeek: chosen.map(dayOfWeek) }),
    ...(dayOfMonth === undefined ? {} : { dayOfMonth }),
  };
}

function dayOfWeek(day: Weekday): DayOfWeek {
  return DAYS_OF_WEEK[weekdays.indexOf(day)] ?? 'SUNDAY';
}

function wantedFacts(schedule: ScheduleDefinition, context: ServerContext): Readonly<Record<string, string>> {
  return {
    timing: describeTiming({ ...schedule, jitterMs: 0 }),
    jitter: formatDuration(schedule.jitterMs),
    catchUp: formatDuration(schedule.catchUpMs),
    overlap: overlapPolicies[schedule.overlap],
    pauseOnFailure: 'false',
    workflow: schedule.workflowType,
    workflowId: schedule.workflowId,
    taskQueue: context.taskQueue,
    input: JSON.stringify(schedule.input),
    definition: contextualFingerprint(schedule, context),
  };
}

function foundFacts(current: ScheduleDescription): Readonly<Record<string, string>> {
  const { spec, policies, action } = current;
  return {
    timing: describeSpec(spec),
    jitter: formatDuration(spec.jitter ?? 0),
    catchUp: formatDuration(policies.catchupWindow),
    overlap: String(policies.overlap),
    pauseOnFailure: String(policies.pauseOnFailure),
    workflow: action.workflowType,
    workflowId: action.workflowId,
    taskQueue: action.taskQueue,
    input: (action.args ?? []).map((argument) => JSON.stringify(argument)).join(', '),
    definition: String(action.memo?.definition ?? 'none'),
  };
}

/** The server's times in the words of `describeTiming`, or as JSON where they are none that we would write. */
export function describeSpec(spec: ScheduleSpecDescription): string {
  const { calendars = [], intervals = [], skip = [], timezone } = spec;
  const timeZone = timezone === undefined || timezone === '' ? 'UTC' : timezone;
  const bounded =
    spec.startAt !== undefined || spec.endAt !== undefined || skip.length > 0 || calendars.some(isSeasonal);
  const times = calendars.map(singleTime);
  const [interval] = intervals;
  if (!bounded && calendars.length === 0 && intervals.length === 1 && interval !== undefined) {
    return describeTiming({
      timing: { kind: 'interval', everyMs: interval.every, offsetMs: interval.offset },
      timeZone,
      jitterMs: 0,
    });
  }
  const days = new Set(calendars.map(daysOf).map((value) => JSON.stringify(value)));
  const [first] = calendars;
  if (bounded || intervals.length > 0 || first === undefined || days.size > 1 || times.includes(undefined)) {
    return JSON.stringify({ ...spec, jitter: undefined });
  }
  const timing = {
    kind: 'calendar',
    times: times.filter((time) => time !== undefined).sort(),
    ...daysOf(first),
  } as const;
  return describeTiming({ timing, timeZone, jitterMs: 0 });
}

/** Whether a calendar is bound to some months or years; ours never are. */
function isSeasonal({ month, year }: CalendarSpecDescription): boolean {
  const [months, ...others] = month;
  const wholeYear = months?.start === 'JANUARY' && months.end === 'DECEMBER' && months.step === 1;
  return year.length > 0 || !wholeYear || others.length > 0;
}

function singleTime({ hour, minute, second }: CalendarSpecDescription): string | undefined {
  const [hours, minutes, seconds] = [hour, minute, second].map((ranges) => {
    const [range, ...others] = ranges;
    return range !== undefined && others.length === 0 && range.start === range.end ? range.start : undefined;
  });
  if (hours === undefined || minutes === undefined || seconds !== 0) return undefined;
  return [hours, minutes].map((value) => String(value).padStart(2, '0')).join(':');
}

/** The days as we would write them; what we would not is kept whole, so that it differs. */
function daysOf(calendar: CalendarSpecDescription): Pick<CalendarTiming, 'weekdays' | 'dayOfMonth'> {
  const [day] = calendar.dayOfMonth;
  const everyDay = day?.start === 1 && day.end === 31 && day.step === 1;
  const chosen = weekdays.filter((_, index) => calendar.dayOfWeek.some((range) => covers(range, index)));
  return {
    ...(chosen.length === 7 ? {} : { weekdays: chosen }),
    ...(everyDay || day === undefined ? {} : { dayOfMonth: day.start === day.end ? day.start : -1 }),
  };
}

function covers(range: { start: DayOfWeek; end: DayOfWeek; step: number }, index: number): boolean {
  const first = DAYS_OF_WEEK.indexOf(range.start);
  const last = DAYS_OF_WEEK.indexOf(range.end);
  return index >= first && index <= last && (index - first) % range.step === 0;
}

function contextualFingerprint(schedule: ScheduleDefinition, context: ServerContext): string {
  return fingerprint(schedule, [context.taskQueue, context.encryptionKeyId ?? 'plain']).slice(0, 32);
}
