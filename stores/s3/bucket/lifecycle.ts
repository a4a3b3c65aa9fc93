import type { IntelligentTieringConfiguration, LifecycleRule } from '@aws-sdk/client-s3';
import { isFrozenClass } from '../../../contracts/storage-classes.ts';

/** The rule of ours. One, because services that do not know unfinished uploads refuse a rule of these alone. */
const ruleId = 'resguardo';

/** A week is longer than any upload takes that still goes on. */
const unfinishedDays = 7;

/**
 * The rule that a repository wants: unfinished uploads go, and what was deleted or replaced goes after a time. It
 * never touches a live object.
 * @param versionDays how long deleted objects can be got back; classes that bill 30 days are billed them anyway
 */
export function wantedRule(prefix: string, versionDays: number): LifecycleRule {
  return {
    ID: ruleId,
    Status: 'Enabled',
    Filter: { Prefix: prefix === '' ? '' : `${prefix}/` },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: unfinishedDays },
    NoncurrentVersionExpiration: { NoncurrentDays: versionDays },
    Expiration: { ExpiredObjectDeleteMarker: true },
  };
}

/** All rules as they should be, or undefined when they are so, or when nobody knows. */
export function completedRules(
  wanted: LifecycleRule,
  there: readonly LifecycleRule[] | undefined,
): readonly LifecycleRule[] | undefined {
  const own = there?.find(({ ID }) => ID === wanted.ID);
  if (there === undefined || isLike(own, wanted)) return undefined;
  return [...there.filter(({ ID }) => ID !== wanted.ID), wanted];
}

/** Equal in what every service keeps of it. */
function isLike(own: LifecycleRule | undefined, wanted: LifecycleRule): boolean {
  return (
    own?.Status === 'Enabled' &&
    (own.Filter?.Prefix ?? own.Prefix ?? '') === (wanted.Filter?.Prefix ?? '') &&
    own.NoncurrentVersionExpiration?.NoncurrentDays === wanted.NoncurrentVersionExpiration?.NoncurrentDays
  );
}

/** Days after which rules remove versions that were deleted or replaced; undefined when none does. */
export function hiddenDays(rules: readonly LifecycleRule[], prefix: string): number | undefined {
  const days = rules
    .filter((rule) => rule.Status === 'Enabled' && concerns(rule, prefix))
    .flatMap(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration?.NoncurrentDays ?? []);
  return days.length === 0 ? undefined : Math.min(...days);
}

/** What somebody's rule would do to a repository: each of these loses data, or makes it unreadable for hours. */
export interface HarmfulRule {
  readonly id: string;
  readonly harm: 'expires' | 'freezes';
  /** For people: "deletes objects after 30 days". */
  readonly description: string;
}

/** Rules that touch live objects of the repository. A deduplicated repository needs its oldest objects most. */
export function harmfulRules(
  rules: readonly LifecycleRule[] | undefined,
  prefix: string,
): readonly HarmfulRule[] {
  return (rules ?? []).filter((rule) => rule.Status === 'Enabled' && concerns(rule, prefix)).flatMap(harmsOf);
}

/** What freezes by itself in INTELLIGENT_TIERING: only objects that somebody puts into that class. */
export function harmfulTiering(
  configurations: readonly IntelligentTieringConfiguration[] | undefined,
  prefix: string,
): readonly HarmfulRule[] {
  return (configurations ?? [])
    .filter(({ Status, Filter }) => Status === 'Enabled' && concerns({ Filter }, prefix))
    .flatMap(({ Id: id = '(without an id)', Tierings = [] }) =>
      Tierings.map(({ AccessTier, Days }) => ({
        id,
        harm: 'freezes' as const,
        description: `moves objects in INTELLIGENT_TIERING to ${AccessTier} ${Days} days after they were read`,
      })),
    );
}

function harmsOf({
  ID: id = '(without an id)',
  Expiration,
  Transitions = [],
}: LifecycleRule): readonly HarmfulRule[] {
  const harms: HarmfulRule[] = [];
  const { Days, Date: date } = Expiration ?? {};
  if (Days !== undefined || date !== undefined) {
    harms.push({ id, harm: 'expires', description: `deletes objects ${when(Days, date)}` });
  }
  for (const transition of Transitions) {
    const { StorageClass = '' } = transition;
    if (!isFrozenClass(StorageClass)) continue;
    const description = `moves objects to ${StorageClass} ${when(transition.Days, transition.Date)}`;
    harms.push({ id, harm: 'freezes', description });
  }
  return harms;
}

function when(days: number | undefined, date: Date | undefined): string {
  return days === undefined ? `on ${date?.toISOString().slice(0, 10)}` : `after ${days} days`;
}

/** A rule with tags or sizes may still meet some of our objects: only another prefix keeps it away. */
function concerns({ Filter, Prefix }: Pick<LifecycleRule, 'Filter' | 'Prefix'>, prefix: string): boolean {
  const filtered = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
  const own = prefix === '' ? '' : `${prefix}/`;
  return own.startsWith(filtered) || filtered.startsWith(own);
}
