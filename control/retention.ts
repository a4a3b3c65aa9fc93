import type { Configuration } from '../configuration/load.ts';
import type { KeepConfiguration } from '../configuration/retention-schema.ts';
import type { KeepRules } from '../policy/retention/keep-rules.ts';
import type { RetentionPolicy } from '../policy/retention/plan.ts';

/** What the configuration keeps in a repository: its own rules, and `policies.retention` for what they leave out. */
export function retentionOf(configuration: Configuration, repository: string): RetentionPolicy {
  const { keep: generalKeep, ...general } = configuration.policies.retention;
  const own = configuration.repositories[repository]?.retention ?? {};
  const keep = own.keep ?? generalKeep;
  const classes = {
    incremental: own.incremental ?? general.incremental,
    daily: own.daily ?? general.daily,
    weekly: own.weekly ?? general.weekly,
    monthly: own.monthly ?? general.monthly,
  };
  return keep === undefined ? { classes } : { classes, keep: keepRules(keep) };
}

function keepRules({ tags, ...rules }: KeepConfiguration): KeepRules {
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const named = given.map(([name, value]) => [`keep${name.charAt(0).toUpperCase()}${name.slice(1)}`, value]);
  return {
    ...Object.fromEntries(named),
    ...(tags === undefined ? {} : { keepTags: tags.map((tag) => [tag]) }),
  };
}
