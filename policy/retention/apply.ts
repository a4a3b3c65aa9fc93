import type { RetainedSnapshot } from './group.ts';
import {
  formatKeepDuration,
  isZero,
  type KeepCount,
  type KeepRules,
  parseKeepDuration,
} from './keep-rules.ts';
import {
  type Calendar,
  calendarUnit,
  earlier,
  parseSnapshotTime,
  type SnapshotTime,
} from './snapshot-time.ts';

export interface Kept<S> {
  readonly snapshot: S;
  /** Why, in restic's words: `daily snapshot`, `oldest weekly snapshot`, `within 7d`, `has tags [a, b]`. */
  readonly reasons: readonly string[];
}

/** Both lists newest first. */
export interface KeepResult<S> {
  readonly keep: readonly Kept<S>[];
  readonly remove: readonly S[];
}

interface Dated<S> {
  readonly snapshot: S;
  readonly time: SnapshotTime;
}

/** One rule at work on the snapshots of a group, newest first. */
type Rule = (
  snapshot: Dated<RetainedSnapshot>,
  position: { index: number; isOldest: boolean },
) => readonly string[];

const calendars = [
  ['hourly', 'keepHourly', 'keepWithinHourly'],
  ['daily', 'keepDaily', 'keepWithinDaily'],
  ['weekly', 'keepWeekly', 'keepWithinWeekly'],
  ['monthly', 'keepMonthly', 'keepWithinMonthly'],
  ['yearly', 'keepYearly', 'keepWithinYearly'],
] as const satisfies readonly (readonly [Calendar, keyof KeepRules, keyof KeepRules])[];

/**
 * Applies keep rules to the snapshots of one group, with the result of restic's `forget`: the newest of each
 * hour, day, week, month, year counts; durations reach back from the newest snapshot that is not in the
 * future; and while a rule has places left, the oldest snapshot takes one too.
 *
 * @throws {Failure} InvalidConfiguration for a wrong rule, RepositoryDamaged for a time that is none
 */
export function applyKeepRules<S extends RetainedSnapshot>(
  snapshots: readonly S[],
  rules: KeepRules,
  now: Date,
): KeepResult<S> {
  const dated = newestFirst(snapshots);
  const steps = rulesAtWork(rules, newestPast(dated, now));
  const keep: Kept<S>[] = [];
  const remove: S[] = [];
  dated.forEach((candidate, index) => {
    const position = { index, isOldest: index === dated.length - 1 };
    const reasons = steps.flatMap((step) => step(candidate, position));
    if (reasons.length > 0) keep.push({ snapshot: candidate.snapshot, reasons });
    else remove.push(candidate.snapshot);
  });
  return { keep, remove };
}

/** Newest first; snapshots of the same nanosecond in the order of their ids, so that all see one order. */
export function newestFirst<S extends RetainedSnapshot>(snapshots: readonly S[]): readonly Dated<S>[] {
  return snapshots
    .map((snapshot) => ({ snapshot, time: parseSnapshotTime(snapshot.time) }))
    .sort((a, b) => {
      if (a.time.epochNs !== b.time.epochNs) return a.time.epochNs > b.time.epochNs ? -1 : 1;
      return a.snapshot.id < b.snapshot.id ? -1 : 1;
    });
}

/** What durations are measured from; undefined when all snapshots are in the future, and all are kept. */
export function newestPast<S>(dated: readonly Dated<S>[], now: Date): SnapshotTime | undefined {
  const nowNs = BigInt(now.getTime()) * 1_000_000n;
  return dated.find(({ time }) => time.epochNs < nowNs)?.time;
}

/** The start of a duration that ends at the newest snapshot; younger snapshots are within. */
export function windowStart(newest: SnapshotTime | undefined, duration: string): bigint {
  if (newest === undefined) return -(1n << 62n);
  return earlier(newest, parseKeepDuration(duration)).epochNs;
}

function rulesAtWork(rules: KeepRules, newest: SnapshotTime | undefined): readonly Rule[] {
  return [
    ...(rules.keepTags ?? []).map(tagRule),
    ...withinRule(rules.keepWithin, newest),
    ...countRule(rules.keepLast, 'last snapshot', (_, index) => String(index)),
    ...calendars.flatMap(([calendar, field]) =>
      countRule(rules[field], `${calendar} snapshot`, ({ time }) => calendarUnit(time, calendar)),
    ),
    ...calendars.flatMap(([calendar, , field]) => calendarWithinRule(calendar, rules[field], newest)),
  ];
}

function tagRule(wanted: readonly string[]): Rule {
  return ({ snapshot }) => (hasTags(snapshot.tags ?? [], wanted) ? [`has tags [${wanted.join(', ')}]`] : []);
}

function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  for (const tag of wanted) {
    if (tag === '' && tags.length === 0) return true;
    if (!tags.includes(tag)) return false;
  }
  return true;
}

function withinRule(text: string | undefined, newest: SnapshotTime | undefined): readonly Rule[] {
  const duration = parseKeepDuration(text ?? '0h');
  if (text === undefined || isZero(duration)) return [];
  const startNs = windowStart(newest, text);
  return [({ time }) => (time.epochNs > startNs ? [`within ${formatKeepDuration(duration)}`] : [])];
}

function countRule(
  count: KeepCount | undefined,
  reason: string,
  unitOf: (candidate: Dated<RetainedSnapshot>, index: number) => string,
): readonly Rule[] {
  let left = count === 'unlimited' ? Number.POSITIVE_INFINITY : (count ?? 0);
  let lastUnit: string | undefined;
  return [
    (candidate, { index, isOldest }) => {
      const unit = unitOf(candidate, index);
      if (left <= 0 || (unit === lastUnit && !isOldest)) return [];
      const repeated = unit === lastUnit;
      lastUnit = unit;
      left -= 1;
      return [repeated ? `oldest ${reason}` : reason];
    },
  ];
}

function calendarWithinRule(
  calendar: Calendar,
  text: string | undefined,
  newest: SnapshotTime | undefined,
): readonly Rule[] {
  const duration = parseKeepDuration(text ?? '0h');
  if (text === undefined || isZero(duration)) return [];
  const startNs = windowStart(newest, text);
  const [rule] = countRule('unlimited', `${calendar} within ${formatKeepDuration(duration)}`, ({ time }) =>
    calendarUnit(time, calendar),
  );
  return [
    (candidate, position) => (candidate.time.epochNs > startNs ? (rule?.(candidate, position) ?? []) : []),
  ];
}
