import type { LifecycleRule } from '@aws-sdk/client-s3';

/** The rule of ours. One, because services that do not know unfinished uploads refuse a rule of these alone. */
const ruleId = 'resguardo';

/** A week is longer than any upload takes that still goes on. */
const unfinishedDays = 7;

/** Classes that cannot be read at once. A repository in them cannot be backed up to, checked or restored. */
const frozenClasses = ['GLACIER', 'DEEP_ARCHIVE'];

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
    if (!frozenClasses.includes(StorageClass)) continue;
    const description = `moves objects to ${StorageClass} ${when(transition.Days, transition.Date)}`;
    harms.push({ id, harm: 'freezes', description });
  }
  return harms;
}

function when(days: number | undefined, date: Date | undefined): string {
  return days === undefined ? `on ${date?.toISOString().slice(0, 10)}` : `after ${days} days`;
}

/** A rule with tags or sizes may still meet some of our objects: only another prefix keeps it away. */
function concerns({ Filter, Prefix }: LifecycleRule, prefix: string): boolean {
  const filtered = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
  const own = prefix === '' ? '' : `${prefix}/`;
  return own.startsWith(filtered) || filtered.startsWith(own);
}
