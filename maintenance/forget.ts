import type { ForgetResult } from '../contracts/scheduled-jobs.ts';
import {
  planRetention,
  type RetentionGroupPlan,
  type RetentionPlan,
  type RetentionPolicy,
} from '../policy/retention/plan.ts';
import { removeFiles } from '../repository/remove-files.ts';
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

/** Removes what a plan removes, and returns the ids. The caller holds an exclusive lock. */
export async function forget(
  repository: Repository,
  { plan, signal, announce, onRemoved }: ForgetRequest,
): Promise<readonly string[]> {
  const names = removable(plan);
  if (names.length > 0) await announce(names);
  await removeFiles(repository.store, {
    type: 'snapshot',
    names,
    signal,
    ...(onRemoved === undefined ? {} : { onRemoved }),
  });
  return names;
}

/** More would make a history heavy; the audit log has all. */
const listed = 20;

export function forgetResult(plan: RetentionPlan): ForgetResult {
  const ids = removable(plan);
  const heldBack = plan.groups.filter(({ alarms }) => alarms.length > 0);
  return {
    kept: plan.keepCount + plan.removeCount - ids.length,
    forgotten: ids.length,
    forgottenIds: ids.slice(0, listed).map((id) => id.slice(0, 8)),
    heldBack: heldBack
      .slice(0, listed)
      .map((group) => ({ source: nameOf(group), why: group.alarms.join('; ') })),
  };
}

function nameOf({ source, host, paths = [] }: RetentionGroupPlan): string {
  return source ?? `${host ?? ''} ${paths.join(' ')}`;
}
