import { tagValue } from './group.ts';

/** How long a backup is meant to last; the input `retention` of a backup. */
export type RetentionClass = 'incremental' | 'daily' | 'weekly' | 'monthly';

/** Weakest first. */
export const retentionClasses: readonly RetentionClass[] = ['incremental', 'daily', 'weekly', 'monthly'];

/** How long the snapshots of each class are kept where the configuration says nothing: 12 weeks are 84 days. */
export const defaultClassDurations: Readonly<Record<RetentionClass, string>> = {
  incremental: '7d',
  daily: '30d',
  weekly: '84d',
  monthly: '90d',
};

const classOfSchedule: Readonly<Record<string, RetentionClass>> = {
  incremental_backups: 'incremental',
  automated_backups: 'daily',
  k8s_backups: 'daily',
  weekly_backups: 'weekly',
  monthly_archive: 'monthly',
};

/** The tag that marks a snapshot as one of a class: `retention:daily`. */
function retentionTag(retention: RetentionClass): string {
  return `retention:${retention}`;
}

/**
 * Class of a snapshot: the strongest that a tag `retention:<class>` names, else that of its schedule, else
 * daily. So a snapshot that a person or a deploy script made lasts as long as a daily one.
 */
export function retentionClassOf(snapshot: { readonly tags?: readonly string[] }): RetentionClass {
  const tags = snapshot.tags ?? [];
  const tagged = retentionClasses.findLast((retention) => tags.includes(retentionTag(retention)));
  return tagged ?? classOfSchedule[tagValue(snapshot, 'schedule') ?? ''] ?? 'daily';
}
