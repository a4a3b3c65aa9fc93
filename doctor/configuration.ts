import { stat } from 'node:fs/promises';
import type { Configuration } from '../configuration/load.ts';
import { referencePattern } from '../configuration/reference-schema.ts';
import { daylightWarnings } from '../schedules/daylight.ts';
import { scheduleDefinitions } from '../schedules/spec.ts';
import { type Check, type CheckResult, failed, failure, ok, warning } from './check.ts';
import type { DoctorContext } from './context.ts';
import { doubtfulDurations } from './durations.ts';

const check = 'configuration';

export function configurationCheck({ configuration }: DoctorContext): Check {
  const subject = configuration.file ?? 'environment';
  return {
    check,
    subject,
    run: async () => [...(await fileMode(configuration)), ...contents(configuration, subject)],
  };
}

/** One check for each reference of the configuration: whether it leads to a secret that others cannot read. */
export function secretChecks({ configuration, resolve }: DoctorContext): readonly Check[] {
  return references(configuration).map((reference) => ({
    check: 'secret',
    subject: reference,
    async run() {
      try {
        await resolve(reference);
      } catch (error) {
        return [failed('secret', reference, error)];
      }
      return reference.startsWith('file:') ? secretMode(reference) : [ok('secret', reference, 'It is set.')];
    },
  }));
}

async function fileMode({ file }: Configuration): Promise<readonly CheckResult[]> {
  if (file === undefined) return [];
  const { mode } = await stat(file);
  if ((mode & 0o022) === 0) return [];
  const message = 'Other users can change the configuration, and with it what is backed up and run.';
  return [failure(check, file, { message, mend: `chmod go-w ${file}` })];
}

function contents(configuration: Configuration, subject: string): readonly CheckResult[] {
  const { sources, repositories, notifications, schedules, warnings } = configuration;
  const count = Object.keys(sources).length;
  const repositoryCount = Object.keys(repositories).length;
  const names = `${count} ${count === 1 ? 'source' : 'sources'}, ${repositoryCount} ${repositoryCount === 1 ? 'repository' : 'repositories'}`;
  const now = new Date();
  const concerns = [
    ...warnings.map((message) => ({ message, mend: 'Do not rely on it; see the limits in the README.' })),
    ...(count === 0
      ? [{ message: 'No source is defined: nothing is backed up.', mend: 'Add one under sources.' }]
      : []),
    ...(Object.keys(notifications.channels).length === 0
      ? [
          {
            message: 'No channel is defined: nobody is told when a backup fails.',
            mend: 'Add one under notifications.channels, and try it: resguardo notify test.',
          },
        ]
      : []),
    ...doubtfulDurations(configuration),
    ...scheduleDefinitions(schedules)
      .flatMap((schedule) => daylightWarnings(schedule, now))
      .map((message) => ({ message, mend: 'Change it under schedules, then: resguardo schedules apply.' })),
  ];
  return [
    ok(check, subject, `It is well formed: ${names}.`),
    ...concerns.map((words) => warning(check, subject, words)),
  ];
}

async function secretMode(reference: string): Promise<readonly CheckResult[]> {
  const file = reference.slice('file:'.length);
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return [ok('secret', reference, 'It is there, for its owner alone.')];
  const message = `Other users can read the secret (mode ${(mode & 0o777).toString(8)}).`;
  return [warning('secret', reference, { message, mend: `chmod 600 ${file}` })];
}

/** Every reference once, wherever it stands: what is none (a URL without a password) is passed over. */
function references(configuration: Configuration): readonly string[] {
  const { repositories, sources, hooks, temporal, notifications } = configuration;
  const found = textsIn([repositories, sources, hooks, temporal, notifications]);
  return [...new Set(found)].filter((text) => referencePattern.test(text));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
