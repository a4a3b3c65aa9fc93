import { createHash } from 'node:crypto';
import {
  type ScheduleConfiguration,
  type SchedulesConfiguration,
  type Weekday,
  weekdays,
} from '../configuration/schedules-schema.ts';
import { formatDuration, parseDuration } from '../contracts/duration.ts';
import {
  copiesScheduleId,
  type ScheduleId,
  scheduledWorkflowId,
  scheduledWorkflowTypes,
  scheduleIds,
} from '../contracts/schedules.ts';

/** Times of the day, on all days or on some; in the time zone of the definition. */
export interface CalendarTiming {
  readonly kind: 'calendar';
  /** "HH:MM". */
  readonly times: readonly string[];
  readonly weekdays?: readonly Weekday[];
  readonly dayOfMonth?: number;
}

/** Every so often, counted from 1970-01-01T00:00Z plus the offset. */
export interface IntervalTiming {
  readonly kind: 'interval';
  readonly everyMs: number;
  readonly offsetMs: number;
}

/** What the server shall have for one schedule; plain data, the same for the same configuration. */
export interface ScheduleDefinition {
  readonly id: ScheduleId | ReturnType<typeof copiesScheduleId>;
  /** One sentence for people: summary of the runs and note of the schedule. */
  readonly title: string;
  readonly workflowType: string;
  readonly workflowId: string;
  readonly input: Readonly<Record<string, string | number | readonly string[]>>;
  readonly timing: CalendarTiming | IntervalTiming;
  readonly timeZone: string;
  readonly jitterMs: number;
  /** A start that the server missed is made up for when it is not older than this. */
  readonly catchUpMs: number;
  /** What happens when the run before is still under way: one waits its turn, or this one is left out. */
  readonly overlap: 'buffer-one' | 'skip';
}

interface Built {
  readonly title: string;
  readonly timing: CalendarTiming | IntervalTiming;
  readonly jitter: string;
  readonly catchUp: string;
}

const daily = (time: string): CalendarTiming => ({ kind: 'calendar', times: [time] });
const every = (duration: string): IntervalTiming => ({
  kind: 'interval',
  everyMs: milliseconds(duration),
  offsetMs: 0,
});

/**
 * What runs when nothing is configured. A daily run is made up for during 20 hours: later, the next one is
 * near. Runs that touch data start within 5 minutes, so that hosts which share a store do not start at once;
 * reports come on the minute.
 */
const built: Record<ScheduleId, Built> = {
  automated_backups: {
    title: 'Daily backup of every source',
    timing: daily('02:00'),
    jitter: '5m',
    catchUp: '20h',
  },
  incremental_backups: {
    title: 'Incremental backup of every source',
    timing: every('6h'),
    jitter: '5m',
    catchUp: '6h',
  },
  security_monitoring: {
    title: 'Security monitoring of repositories and hosts',
    timing: every('15m'),
    jitter: '30s',
    catchUp: '15m',
  },
  k8s_backups: {
    title: 'Backup of the Kubernetes resources',
    timing: daily('03:00'),
    jitter: '5m',
    catchUp: '20h',
  },
  backup_verification: {
    title: 'Verification of the repositories',
    timing: daily('06:00'),
    jitter: '5m',
    catchUp: '20h',
  },
  backup_analytics_report: {
    title: 'Report of the backups',
    timing: daily('08:00'),
    jitter: '0s',
    catchUp: '20h',
  },
  backup_compliance_check: {
    title: 'Compliance check: retention, freshness, encryption, copies',
    timing: daily('09:00'),
    jitter: '0s',
    catchUp: '20h',
  },
  repository_prune: {
    title: 'Forgetting by policy, pruning, tidying up',
    timing: daily('04:30'),
    jitter: '5m',
    catchUp: '20h',
  },
  object_lock_renewal: {
    title: 'New locks for the objects of repositories',
    timing: { kind: 'calendar', times: ['05:00'], weekdays: ['sunday'] },
    jitter: '5m',
    catchUp: '3d',
  },
  monthly_archive: {
    title: 'The newest snapshot of each source into the archives',
    timing: { kind: 'calendar', times: ['05:30'], dayOfMonth: 1 },
    jitter: '5m',
    // Late is better than not at all, until the middle of the month.
    catchUp: '14d',
  },
  repository_copies: {
    title: 'Copies to every repository that should have them',
    timing: every('6h'),
    jitter: '5m',
    catchUp: '6h',
  },
};

const defaultReadDataPercent = 10;

/** The schedules that the configuration asks for, in a fixed order. */
export function scheduleDefinitions(configuration: SchedulesConfiguration): readonly ScheduleDefinition[] {
  return [
    ...scheduleIds
      .filter((id) => configuration[id].enabled !== false)
      .map((id) => definition(id, configuration)),
    ...ownCopies(configuration),
  ];
}

/** For people: "daily at 02:00, Europe/Madrid, up to 5m later". */
export function describeTiming(
  schedule: Pick<ScheduleDefinition, 'timing' | 'timeZone' | 'jitterMs'>,
): string {
  const { timing, timeZone, jitterMs } = schedule;
  const later = jitterMs > 0 ? `, up to ${formatDuration(jitterMs)} later` : '';
  if (timing.kind === 'calendar') return `${days(timing)} at ${timing.times.join(', ')}, ${timeZone}${later}`;
  const offset = timing.offsetMs > 0 ? ` plus ${formatDuration(timing.offsetMs)}` : '';
  return `every ${formatDuration(timing.everyMs)}${offset}${later}`;
}

/**
 * Hash that changes exactly when the server must be changed.
 * @param context - whatever else the server's copy depends on: task queue, id of the encryption key
 */
export function fingerprint(schedule: ScheduleDefinition, context: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted({ schedule, context })))
    .digest('hex');
}

function definition(id: ScheduleId, configuration: SchedulesConfiguration): ScheduleDefinition {
  return {
    id,
    title: built[id].title,
    workflowType: scheduledWorkflowTypes[id],
    workflowId: scheduledWorkflowId(id),
    input: input(id, configuration),
    ...when(configuration[id], built[id], configuration),
  };
}

/** A schedule for each repository whose copies have times of their own. */
function ownCopies(configuration: SchedulesConfiguration): readonly ScheduleDefinition[] {
  return Object.entries(configuration.repository_copies.repositories)
    .filter(([, { enabled }]) => enabled !== false)
    .map(([repository, own]) => {
      const id = copiesScheduleId(repository);
      return {
        id,
        title: `Copies to ${repository}`,
        workflowType: scheduledWorkflowTypes.repository_copies,
        workflowId: scheduledWorkflowId(id),
        input: { schedule: id, repositories: [repository] },
        ...when(own, built.repository_copies, configuration),
      };
    });
}

/** What is configured for the schedule, or for all of them, else what is built in. */
function when(
  own: ScheduleConfiguration,
  { timing, jitter, catchUp }: Built,
  configuration: SchedulesConfiguration,
): Pick<ScheduleDefinition, 'timing' | 'timeZone' | 'jitterMs' | 'catchUpMs' | 'overlap'> {
  const chosen = chosenTiming(own) ?? timing;
  return {
    timing: chosen,
    timeZone: own.timeZone ?? configuration.timeZone,
    jitterMs: milliseconds(own.jitter ?? configuration.jitter ?? jitter),
    catchUpMs: milliseconds(own.catchUp ?? catchUp),
    overlap: chosen.kind === 'calendar' ? 'buffer-one' : 'skip',
  };
}

function chosenTiming({
  at,
  on,
  every,
  offset,
}: ScheduleConfiguration): CalendarTiming | IntervalTiming | undefined {
  if (every !== undefined) {
    const everyMs = milliseconds(every);
    return { kind: 'interval', everyMs, offsetMs: milliseconds(offset ?? '0s') % everyMs };
  }
  if (at === undefined) return undefined;
  const times = [...new Set(typeof at === 'string' ? [at] : at)].sort();
  if (on === undefined) return { kind: 'calendar', times };
  if (typeof on === 'number') return { kind: 'calendar', times, dayOfMonth: on };
  const chosen = typeof on === 'string' ? [on] : on;
  return { kind: 'calendar', times, weekdays: weekdays.filter((day) => chosen.includes(day)) };
}

function input(id: ScheduleId, configuration: SchedulesConfiguration): ScheduleDefinition['input'] {
  if (id !== 'backup_verification') return { schedule: id };
  const { readDataPercent = defaultReadDataPercent } = configuration.backup_verification;
  return { schedule: id, readDataPercent };
}

function days({ weekdays, dayOfMonth }: CalendarTiming): string {
  if (dayOfMonth !== undefined) return `monthly on day ${dayOfMonth}`;
  return weekdays === undefined ? 'daily' : `every ${weekdays.join(', ')}`;
}

function milliseconds(duration: string): number {
  const durationMs = parseDuration(duration);
  // The schema has checked all durations that reach this place.
  if (durationMs === undefined) throw new RangeError(`not a duration: ${duration}`);
  return durationMs;
}

/** The same value with the keys of its objects in order, so that equal values have equal JSON. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
