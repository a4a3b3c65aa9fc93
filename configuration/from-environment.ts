import { cloudFromEnvironment } from './environment-cloud.ts';
import { sourcesFromEnvironment } from './environment-sources.ts';
import type { ConfigurationInput } from './schema.ts';

/** A configuration made of the environment variables of older scripts, as they have always set them. */
export interface EnvironmentConfiguration {
  readonly input: ConfigurationInput;
  /** Each names its variable, and never repeats a secret. */
  readonly problems: readonly string[];
  /** What is asked for and not done yet: people must hear of it. */
  readonly warnings: readonly string[];
}

/** Any of these says that the environment is meant as a configuration; DB_… alone are other programs'. */
const signs = ['BACKUP_DIR', 'BACKUP_ENCRYPTION_KEY', 'BACKUP_DB_CONNECTIONS', 'BACKUP_CRITICAL_PATHS'];

const repositoryName = 'main';
const cloudName = 'cloud';

/**
 * The configuration that the environment describes, or undefined when none of its variables is set. Secrets
 * stay in the environment, and are referred to. Pure.
 */
export function configurationFromEnvironment(env: NodeJS.ProcessEnv): EnvironmentConfiguration | undefined {
  if (!signs.some((name) => env[name])) return undefined;
  const found = sourcesFromEnvironment(env);
  const cloud = cloudFromEnvironment(env);
  const password = 'env:BACKUP_ENCRYPTION_KEY';
  return {
    input: {
      repositories: {
        ...(env.BACKUP_DIR ? { [repositoryName]: { url: env.BACKUP_DIR, password } } : {}),
        ...(cloud.url === undefined ? {} : { [cloudName]: { url: cloud.url, password } }),
      },
      ...(env.BACKUP_DIR ? { defaultRepository: repositoryName } : {}),
      ...(cloud.url === undefined ? {} : { defaultCopies: [cloudName] }),
      sources: found.sources,
      ...retention(env),
      notifications: { channels: channels(env) },
    },
    problems: [...repositoryProblems(env), ...found.problems, ...cloud.problems, ...retentionProblems(env)],
    warnings: found.warnings,
  };
}

/** Variable that a field of the configuration comes from, for messages. */
export function variableOf(path: readonly PropertyKey[]): string {
  const field = path.map(String).join('.');
  const [, variable] = variables.find(([start]) => field.startsWith(start)) ?? [];
  return variable ?? field;
}

const variables = [
  ['notifications.channels.email.to', 'BACKUP_ALERT_EMAILS'],
  ['notifications.channels.email.from', 'SMTP_FROM'],
  ['notifications.channels.email.smtp.port', 'SMTP_PORT'],
  ['notifications.channels.email.smtp', 'SMTP_HOST'],
  ['repositories.main.url', 'BACKUP_DIR'],
  ['sources.critical-paths', 'BACKUP_CRITICAL_PATHS'],
] as const;

function repositoryProblems(env: NodeJS.ProcessEnv): readonly string[] {
  const problems: string[] = [];
  if (!env.BACKUP_DIR) problems.push('BACKUP_DIR: is missing, for example /var/backups');
  if (!env.BACKUP_ENCRYPTION_KEY) {
    problems.push('BACKUP_ENCRYPTION_KEY: is missing; make one: head -c 32 /dev/urandom | base64');
  }
  return problems;
}

function channels(env: NodeJS.ProcessEnv): NonNullable<ConfigurationInput['notifications']>['channels'] {
  const to = (env.BACKUP_ALERT_EMAILS ?? '').split(/[\s,;]+/).filter((address) => address !== '');
  return {
    ...(env.SLACK_WEBHOOK_URL ? { slack: { kind: 'slack', url: 'env:SLACK_WEBHOOK_URL' } } : {}),
    ...(to.length === 0
      ? {}
      : {
          email: {
            kind: 'email',
            to,
            ...(env.SMTP_FROM ? { from: env.SMTP_FROM } : {}),
            smtp: {
              ...(env.SMTP_HOST ? { host: env.SMTP_HOST } : {}),
              ...(env.SMTP_PORT ? { port: Number(env.SMTP_PORT) } : {}),
              ...(env.SMTP_USER ? { user: env.SMTP_USER } : {}),
              ...(env.SMTP_PASSWORD ? { password: 'env:SMTP_PASSWORD' } : {}),
            },
          },
        }),
  };
}

const daysPattern = /^[1-9]\d{0,4}$/;
const incrementalDays = 7;
const weeklyDays = 84;
const monthlyDays = 90;

/**
 * The older scripts made one backup a day and removed what was older. So the days are those of daily backups;
 * what is made in between goes no later than these, and weekly and monthly ones no sooner.
 */
function retention(env: NodeJS.ProcessEnv): Pick<ConfigurationInput, 'policies'> {
  const given = env.BACKUP_RETENTION_DAYS?.trim() ?? '';
  if (!daysPattern.test(given)) return {};
  const days = Number(given);
  const kept = {
    incremental: `${Math.min(days, incrementalDays)}d`,
    daily: `${days}d`,
    weekly: `${Math.max(days, weeklyDays)}d`,
    monthly: `${Math.max(days, monthlyDays)}d`,
  };
  return { policies: { retention: kept } };
}

function retentionProblems({ BACKUP_RETENTION_DAYS: given }: NodeJS.ProcessEnv): readonly string[] {
  if (!given || daysPattern.test(given.trim())) return [];
  return ['BACKUP_RETENTION_DAYS: must be a number of days, for example 30'];
}
