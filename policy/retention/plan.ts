import { Failure } from '../../contracts/failures.ts';
import { isKeptAt } from '../../contracts/kept-until.ts';
import { applyKeepRules, newestFirst, newestPast, windowStart } from './apply.ts';
import { burstAlarms } from './burst.ts';
import { defaultClassDurations, type RetentionClass, retentionClassOf } from './classes.ts';
import { type GroupField, groupSnapshots, type RetainedSnapshot, type SnapshotGroup } from './group.ts';
import { checkKeepRules, type KeepRules, keepsNothing } from './keep-rules.ts';
import { epochMs } from './snapshot-time.ts';

/** What is kept of a group. Without `keep` and `classes`: the default duration of each class. */
export interface RetentionPolicy {
  readonly keep?: KeepRules;
  /** Durations by class, such as `{ daily: '30d' }`; a class that is left out keeps nothing by itself. */
  readonly classes?: Partial<Readonly<Record<RetentionClass, string>>>;
}

export const defaultRetentionPolicy: RetentionPolicy = { classes: defaultClassDurations };

export interface RetentionRequest<S extends RetainedSnapshot> {
  readonly snapshots: readonly S[];
  readonly now: Date;
  /** Policy of a group, or undefined to leave the whole group alone. Default: the default policy for all. */
  readonly policyOf?: (group: SnapshotGroup<S>) => RetentionPolicy | undefined;
  /** Whether a snapshot can be relied on: complete, or verified. Default: every snapshot. */
  readonly isGood?: (snapshot: S) => boolean;
  readonly groupBy?: readonly GroupField[];
}

export interface RetainedWhy {
  readonly id: string;
  readonly time: string;
  readonly reasons: readonly string[];
}

/** What forgetting would do to one group, as plain JSON. Lists are newest first. */
export interface RetentionGroupPlan {
  readonly source?: string;
  readonly host?: string;
  readonly paths?: readonly string[];
  readonly tags?: readonly string[];
  readonly keep: readonly RetainedWhy[];
  readonly remove: readonly RetainedWhy[];
  /** Reasons to ask a person before anything goes: a burst of snapshots, snapshots of the future. */
  readonly alarms: readonly string[];
}

export interface RetentionPlan {
  readonly groups: readonly RetentionGroupPlan[];
  readonly keepCount: number;
  readonly removeCount: number;
  /** Whether any group has an alarm; nothing may then be removed without a person's word. */
  readonly needsConfirmation: boolean;
}

/** Tag that keeps a snapshot whatever the rules say: `hold`, or `hold:<reason>`. */
const holdTag = 'hold';

/**
 * Plans what to forget, from nothing but the snapshots, the policies and the time. Kept are, beyond what the
 * rules keep: every snapshot with a hold, or of before a restore that can still be rolled back, and the newest good one of each group (the newest of all, if none
 * is good). Age is measured from the newest snapshot of the group, so a source whose backups stopped keeps
 * what it has.
 *
 * @throws {Failure} InvalidConfiguration for a policy that is wrong or keeps nothing
 */
export function planRetention<S extends RetainedSnapshot>(request: RetentionRequest<S>): RetentionPlan {
  const policyOf = request.policyOf ?? (() => defaultRetentionPolicy);
  const groups = groupSnapshots(request.snapshots, request.groupBy ?? ['source']).map((group) => {
    const policy = policyOf(group);
    return policy === undefined ? keepAll(group) : planGroup(group, policy, request);
  });
  return {
    groups,
    keepCount: groups.reduce((sum, { keep }) => sum + keep.length, 0),
    removeCount: groups.reduce((sum, { remove }) => sum + remove.length, 0),
    needsConfirmation: groups.some(({ alarms }) => alarms.length > 0),
  };
}

/** @throws {Failure} InvalidConfiguration for a policy that is wrong or keeps nothing */
function checkRetentionPolicy(policy: RetentionPolicy): void {
  checkKeepRules(policy.keep ?? {});
  const classRules = Object.values(policy.classes ?? {}).map((keepWithin) => ({ keepWithin }));
  for (const rules of classRules) checkKeepRules(rules);
  if (!keepsNothing(policy.keep ?? {}) || classRules.some((rules) => !keepsNothing(rules))) return;
  throw new Failure('InvalidConfiguration', 'The retention policy keeps nothing at all', {
    advice: 'Say what to keep, for example keepDaily: 30; to keep all, write keepLast: unlimited.',
  });
}

/** Whether a person has put a hold on the snapshot. */
export function isHeld(snapshot: { readonly tags?: readonly string[] }): boolean {
  return (snapshot.tags ?? []).some((tag) => tag === holdTag || tag.startsWith(`${holdTag}:`));
}

function planGroup<S extends RetainedSnapshot>(
  group: SnapshotGroup<S>,
  policy: RetentionPolicy,
  request: RetentionRequest<S>,
): RetentionGroupPlan {
  const effective = policy.keep || policy.classes ? policy : defaultRetentionPolicy;
  checkRetentionPolicy(effective);
  const { snapshots, ...key } = group;
  const dated = newestFirst(snapshots);
  const kept = applyKeepRules(snapshots, effective.keep ?? {}, request.now).keep;
  const byRules = new Map(kept.map(({ snapshot, reasons }) => [snapshot.id, reasons]));
  const withinClass = classRule(effective, dated, request.now);
  const safest = newestGood(dated, request);
  const keep: RetainedWhy[] = [];
  const remove: RetainedWhy[] = [];
  for (const { snapshot, time } of dated) {
    const reasons = [
      ...(isHeld(snapshot) ? ['hold'] : []),
      ...(isKeptAt(snapshot.tags ?? [], request.now) ? ['way back of a restore'] : []),
      ...(byRules.get(snapshot.id) ?? []),
      ...withinClass(snapshot, time.epochNs),
      ...(snapshot.id === safest?.id ? ['newest good snapshot'] : []),
    ];
    const { id } = snapshot;
    if (reasons.length > 0) keep.push({ id, time: snapshot.time, reasons });
    else remove.push({ id, time: snapshot.time, reasons: [whyRemoved(snapshot, effective)] });
  }
  const alarms = remove.length > 0 ? burstAlarms(dated, request.now) : [];
  return { ...key, keep, remove, alarms };
}

/** A snapshot of the future proves nothing, so one of the past comes first. */
function newestGood<S extends RetainedSnapshot>(
  dated: ReturnType<typeof newestFirst<S>>,
  { isGood = () => true, now }: RetentionRequest<S>,
): S | undefined {
  const good = dated.filter(({ snapshot }) => isGood(snapshot));
  const past = good.find(({ time }) => epochMs(time) <= now.getTime());
  return (past ?? good[0] ?? dated[0])?.snapshot;
}

function keepAll<S extends RetainedSnapshot>({ snapshots, ...key }: SnapshotGroup<S>): RetentionGroupPlan {
  const keep = newestFirst(snapshots).map(({ snapshot: { id, time } }) => ({
    id,
    time,
    reasons: ['no policy'],
  }));
  return { ...key, keep, remove: [], alarms: [] };
}

function classRule<S extends RetainedSnapshot>(
  { classes = {} }: RetentionPolicy,
  dated: ReturnType<typeof newestFirst<S>>,
  now: Date,
): (snapshot: S, epochNs: bigint) => readonly string[] {
  const newest = newestPast(dated, now);
  const starts = new Map(
    Object.entries(classes).map(([retention, duration]) => [retention, windowStart(newest, duration)]),
  );
  return (snapshot, epochNs) => {
    const retention = retentionClassOf(snapshot);
    const start = starts.get(retention);
    return start !== undefined && epochNs > start ? [`${retention}, within ${classes[retention]}`] : [];
  };
}

function whyRemoved(snapshot: RetainedSnapshot, { keep, classes }: RetentionPolicy): string {
  const retention = retentionClassOf(snapshot);
  const duration = classes?.[retention];
  if (duration !== undefined)
    return `${retention}, older than ${duration}${keep ? ', and no rule keeps it' : ''}`;
  return 'no rule keeps it';
}
