import path from 'node:path';
import type { ActivityDependencies } from '../activities/index.ts';
import type { Configuration } from '../configuration/load.ts';
import { parseDuration } from '../contracts/duration.ts';
import type { Logger } from '../logging/logger.ts';
import { createChannels } from '../notify/channels.ts';
import { runEvent } from '../notify/events.ts';
import { Notifier } from '../notify/notifier.ts';
import { pingChecks } from '../notify/ping.ts';
import { NotifyStateFile } from '../notify/state-file.ts';
import { resolveSecret } from '../secrets/resolve.ts';

/** What tells people, made from the configuration. Secrets are resolved for each message. */
export function createTeller(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): ActivityDependencies['tell'] {
  const { notifications, host, stateDir } = configuration;
  const resolve = (reference: string) => resolveSecret(reference, env);
  const notifier = new Notifier({
    channels: createChannels(notifications, { resolve, host }),
    store: new NotifyStateFile(path.join(stateDir, 'notifications.json')),
    policy: { reminderAfterMs: parseDuration(notifications.reminderAfter) ?? 0 },
  });
  return async (report, signal) => {
    const event = runEvent(report);
    if (event === undefined) return;
    const { subject, status, runId, message } = report;
    const state = status === 'failed' ? 'fail' : 'success';
    const run = { names: [subject], state, runId, ...(message === undefined ? {} : { message }) } as const;
    const [told, pinged] = await Promise.allSettled([
      notifier.tell(event, signal),
      pingChecks(notifications, run, { resolve, signal }),
    ]);
    if (told.status === 'fulfilled') for (const note of told.value.notes) logger.warn({ runId }, note);
    // Both are tried before either is said to have failed; a second attempt repeats neither message.
    for (const outcome of [told, pinged]) if (outcome.status === 'rejected') throw outcome.reason;
  };
}
