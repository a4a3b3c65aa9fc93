import type { ForgetResult, LockedFiles as ToldLocked } from '../contracts/scheduled-jobs.ts';
import {
  planRetention,
  type RetentionGroupPlan,
  type RetentionPlan,
  type RetentionPolicy,
} from '../policy/retention/plan.ts';
import { LockedFiles, type LockedSum, removeFiles } from '../repository/remove-files.ts';
import type { Repository } from '../repository/repository.ts';
import type { Snapshot } from '../repository/snapshot.ts';

export interface PolicyRequest {
  readonly policy: RetentionPolicy;
  readonly now: Date;
  /** Whether a snapshot can be relied on. Default: every one. */
  readonly isGood?: (snapshot: Snapshot) => boolean;
}

/**
 * Plans what a policy removes. Snapshots that no source of ours has made are left alone: their owner has rules
 * of his own.
 */
export function planByPolicy(
  snapshots: readonly Snapshot[],
  { policy, now, isGood }: PolicyRequest,
): RetentionPlan {
  return planRetention({
    snapshots,
    now,
    policyOf: ({ source }) => (source === undefined ? undefined : policy),
    ...(isGood === undefined ? {} : { isGood }),
  });
}

/** Ids that go, but for the groups that a person must look at first. */
export function removable({ groups }: RetentionPlan): readonly string[] {
  return groups
    .filter(({ alarms }) => alarms.length === 0)
    .flatMap(({ remove }) => remove.map(({ id }) => id));
}

export interface ForgetRequest {
  readonly plan: RetentionPlan;
  readonly signal: AbortSignal;
  /** Called with the ids before the first of them goes: for the audit log. */
  readonly announce: (ids: readonly string[]) => Promise<void>;
  readonly onRemoved?: (count: number) => void;
}

export interface Forgotten {
  /** Ids. */
  readonly removed: readonly string[];
  /** What the service does not let go yet; absent when that is nothing. */
  readonly locked?: LockedSum;
}

/** Removes what a plan removes, as far as the service lets it. The caller holds an exclusive lock. */
export async function forget(
  repository: Repository,
  { plan, signal, announce, onRemoved }: ForgetRequest,
): Promise<Forgotten> {
  const names = removable(plan);
  if (names.length > 0) await announce(names);
  const locked = new LockedFiles();
  await removeFiles(repository.store, {
    type: 'snapshot',
    names,
    signal,
    locked,
    ...(onRemoved === undefined ? {} : { onRemoved }),
  });
  return { removed: names.filter((name) => !locked.has(name)), ...locked.told };
}

/** More would make a history heavy; the audit log has all. */
const listed = 20;

/** @param forgotten left out for a plan that is not carried out */
export function forgetResult(plan: RetentionPlan, forgotten?: Forgotten): ForgetResult {
  const ids = forgotten?.removed ?? removable(plan);
  const heldBack = plan.groups.filter(({ alarms }) => alarms.length > 0);
  return {
    kept: plan.keepCount + plan.removeCount - ids.length,
    forgotten: ids.length,
    forgottenIds: ids.slice(0, listed).map((id) => id.slice(0, 8)),
    ...(forgotten?.locked && { lockedSnapshots: asTold(forgotten.locked) }),
    heldBack: heldBack
      .slice(0, listed)
      .map((group) => ({ source: nameOf(group), why: group.alarms.join('; ') })),
  };
}

/** As results of workflows have it. */
export function asTold({ files, bytes, until, withoutEnd }: LockedSum): ToldLocked {
  return { files, bytes, ...(until !== undefined && { until: until.toISOString() }), withoutEnd };
}

function nameOf({ source, host, paths = [] }: RetentionGroupPlan): string {
  return source ?? `${host ?? ''} ${paths.join(' ')}`;
}
