import { failureRules, isFailure } from '../../contracts/failures.ts';
import { connectControl } from '../../control/client.ts';
import { type CheckResult, failed, runChecks } from '../../doctor/check.ts';
import { doctorChecks } from '../../doctor/checks.ts';
import type { DoctorContext } from '../../doctor/context.ts';
import { clock, nodeVersion } from '../../doctor/machine.ts';
import { createLogger } from '../../logging/logger.ts';
import { createChannels } from '../../notify/channels.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { composeActivities } from '../../workers/composition.ts';
import { findLeftOvers } from '../../workers/left-overs.ts';
import { lookAtBucket } from '../bucket-look.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { temporalSettings } from '../local-temporal.ts';
import type { ListItem } from '../output/output.ts';
import { programVersion } from '../version.ts';

export function defineDoctor({ parent, run }: Definition): void {
  const command = parent
    .command('doctor')
    .description('look at all that a backup will need, and say how to mend what is wrong')
    .action(run(doctor));
  withExamples(command, [
    ['resguardo doctor', 'before the first backup, and whenever something is odd'],
    ['resguardo doctor --json', 'for programs; exit code 1 when something is wrong'],
  ]);
}

async function doctor(context: CommandContext): Promise<number> {
  const counts = { ok: 0, warning: 0, failure: 0 };
  let exitCode = 0;
  async function* items(): AsyncGenerator<ListItem> {
    for await (const result of examine(context)) {
      counts[result.status] += 1;
      if ('exitCode' in result) exitCode = result.exitCode;
      else if (result.status === 'failure' && exitCode === 0) exitCode = 1;
      const { check, subject, status, message, mend } = result;
      const document = { check, subject, status, message, ...(mend === undefined ? {} : { mend }) };
      yield { document, text: renderResult(result) };
    }
  }
  await context.output.list(items());
  context.output.note(`\n${counts.ok} well, ${counts.warning} warnings, ${counts.failure} failures`);
  return exitCode;
}

/** Without a configuration, what can be looked at without one. */
async function* examine(
  context: CommandContext,
): AsyncGenerator<CheckResult & { readonly exitCode?: number }> {
  try {
    const configuration = await loadContextConfiguration(context);
    yield* runChecks(doctorChecks(await doctorContext(context, configuration)), context);
  } catch (error) {
    if (!isFailure(error, 'InvalidConfiguration')) throw error;
    const { exitCode } = failureRules[error.type];
    yield { ...failed('configuration', context.configFile ?? 'in use', error), exitCode };
    yield nodeVersion(process.versions.node);
    yield await clock(Date.now());
  }
}

async function doctorContext(
  context: CommandContext,
  configuration: DoctorContext['configuration'],
): Promise<DoctorContext> {
  const { env } = context;
  const resolve = (reference: string) => resolveSecret(reference, env);
  const { createSource, openRepository } = composeActivities({
    configuration,
    env,
    logger: createLogger({ level: 'silent', format: 'json' }),
    programVersion: await programVersion(),
  });
  return {
    configuration,
    resolve,
    createSource,
    openRepository,
    findLeftOvers: (source, signal) => findLeftOvers(configuration, env, { source, signal }),
    lookAtBucket: (name, signal) => lookAtBucket(context, configuration.repositories[name], signal),
    connect: async () => connectControl({ settings: await temporalSettings(configuration, env), env }),
    channels: createChannels(configuration.notifications, { resolve, host: configuration.host }),
    searchPath: env.PATH ?? '',
  };
}

function renderResult({ check, subject, status, message, mend }: CheckResult): string {
  const sign = { ok: 'ok  ', warning: 'WARN', failure: 'FAIL' }[status];
  const text = message.replaceAll('\n', '\n      ');
  const line = `${sign}  ${check} ${subject}: ${text}`;
  return mend === undefined ? line : `${line}\n      -> ${mend}`;
}
