import type { Configuration } from '../configuration/load.ts';
import type { KeepConfiguration } from '../configuration/retention-schema.ts';
import { leastStayMs } from '../policy/cost/least-stay.ts';
import type { KeepRules } from '../policy/retention/keep-rules.ts';
import { daysOf } from '../policy/retention/longest.ts';
import type { RetentionPolicy } from '../policy/retention/plan.ts';

/** What the configuration keeps in a repository: its own rules, and `policies.retention` for what they leave out. */
export function retentionOf(configuration: Configuration, repository: string): RetentionPolicy {
  const { keep: generalKeep, ...general } = configuration.policies.retention;
  const { retention: own = {}, archive = false } = configuration.repositories[repository] ?? {};
  const keep = own.keep ?? generalKeep;
  const monthly = own.monthly ?? (archive ? archiveDuration(configuration, repository) : general.monthly);
  // What is in an archive came there once a month, whatever run has made it.
  const others = archive ? { incremental: monthly, daily: monthly, weekly: monthly } : general;
  const classes = {
    incremental: own.incremental ?? others.incremental,
    daily: own.daily ?? others.daily,
    weekly: own.weekly ?? others.weekly,
    monthly,
  };
  return keep === undefined ? { classes } : { classes, keep: keepRules(keep) };
}

/** As long as monthly snapshots are kept, and no shorter than the class bills them anyway. */
function archiveDuration({ policies, repositories }: Configuration, repository: string): string {
  const { monthly } = policies.retention;
  const { url = '', s3, azure, gcs } = repositories[repository] ?? {};
  const storageClass = s3?.storageClass ?? azure?.accessTier ?? gcs?.storageClass;
  const leastDays = Math.ceil(leastStayMs(url)(storageClass) / 86_400_000);
  return leastDays > daysOf(monthly) ? `${leastDays}d` : monthly;
}

function keepRules({ tags, ...rules }: KeepConfiguration): KeepRules {
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const named = given.map(([name, value]) => [`keep${name.charAt(0).toUpperCase()}${name.slice(1)}`, value]);
  return {
    ...Object.fromEntries(named),
    ...(tags === undefined ? {} : { keepTags: tags.map((tag) => [tag]) }),
  };
}
