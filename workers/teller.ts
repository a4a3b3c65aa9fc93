import path from 'node:path';
import type { ActivityDependencies } from '../activities/index.ts';
import type { Configuration } from '../configuration/load.ts';
import type { RunReport } from '../contracts/activities.ts';
import { parseDuration } from '../contracts/duration.ts';
import type { Finding } from '../contracts/findings.ts';
import type { InspectorOptions } from '../inspection/inspector.ts';
import type { Logger } from '../logging/logger.ts';
import { createChannels } from '../notify/channels.ts';
import { findingEvent, runEvent } from '../notify/events.ts';
import { Notifier } from '../notify/notifier.ts';
import { type PingedRun, pingChecks } from '../notify/ping.ts';
import { NotifyStateFile } from '../notify/state-file.ts';
import { resolveSecret } from '../secrets/resolve.ts';

export interface Teller {
  readonly tellRun: ActivityDependencies['tell'];
  readonly tellFindings: InspectorOptions['tell'];
}

/** What tells people, made from the configuration. Secrets are resolved for each message. */
export function createTeller(configuration: Configuration, env: NodeJS.ProcessEnv, logger: Logger): Teller {
  const { notifications, host, stateDir } = configuration;
  const resolve = (reference: string) => resolveSecret(reference, env);
  const notifier = new Notifier({
    channels: createChannels(notifications, { resolve, host }),
    store: new NotifyStateFile(path.join(stateDir, 'notifications.json')),
    policy: { reminderAfterMs: parseDuration(notifications.reminderAfter) ?? 0 },
  });
  return {
    async tellRun(report, signal) {
      const event = runEvent(report);
      if (event === undefined) return;
      const [told, pinged] = await Promise.allSettled([
        notifier.tell(event, signal),
        pingChecks(notifications, pingOf(report), { resolve, signal }),
      ]);
      if (told.status === 'fulfilled') {
        for (const note of told.value.notes) logger.warn({ runId: report.runId }, note);
      }
      // Both are tried before either is said to have failed; a second attempt repeats neither message.
      for (const outcome of [told, pinged]) if (outcome.status === 'rejected') throw outcome.reason;
    },
    tellFindings: (findings, at, signal) => tellFindings(notifier, { findings, at, signal, logger }),
  };
}

/** A check that watches a schedule hears of the run over all sources, one that watches a source of its run. */
function pingOf({ workflow, subject, schedule, status, runId, message }: RunReport): PingedRun {
  const names = workflow === 'backupSource' || schedule === undefined ? [subject] : [schedule, subject];
  const isWell = status === 'done' || (status === 'partial' && workflow === 'backupSource');
  return { names, state: isWell ? 'success' : 'fail', runId, ...(message === undefined ? {} : { message }) };
}

interface Telling {
  readonly findings: readonly Finding[];
  readonly at: string;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Tells what is wrong, and what was wrong and is well; that all else is well is nothing to tell. */
async function tellFindings(notifier: Notifier, { findings, at, signal, logger }: Telling): Promise<void> {
  const troubled = await notifier.troubled();
  let failure: unknown;
  for (const finding of findings) {
    const event = findingEvent(finding, at);
    if (event.severity === 'ok' && !troubled.has(event.topic)) continue;
    try {
      const { notes } = await notifier.tell(event, signal);
      for (const note of notes) logger.warn({ topic: event.topic }, note);
    } catch (error) {
      // The next one may concern another channel; what was not sent is kept.
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
}
