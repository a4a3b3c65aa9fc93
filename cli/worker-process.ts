import type { Configuration } from '../configuration/load.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { type RunningWorkers, startWorkers } from '../workers/worker.ts';
import type { CommandContext } from './context.ts';
import { temporalSettings } from './local-temporal.ts';
import { programVersion } from './version.ts';

/** The logger that the configuration asks for: readable lines on a terminal, JSON for collectors. */
export function configuredLogger({ output }: CommandContext, { log }: Configuration): Logger {
  const isTerminal = 'isTTY' in output.stderr && output.stderr.isTTY === true;
  const format = log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : log.format;
  return createLogger({ level: output.quiet ? 'error' : log.level, format });
}

export interface WorkerProcess {
  readonly workers: RunningWorkers;
  /** Settles when the workers have drained: after Ctrl-C, or because one of them failed. */
  readonly ended: Promise<void>;
}

/**
 * Starts the workers; Ctrl-C drains them.
 * @throws {Failure} TemporalUnavailable, InvalidConfiguration
 */
export async function startWorkerProcess(
  context: CommandContext,
  configuration: Configuration,
  options: { readonly queues: 'all' | 'host' },
): Promise<WorkerProcess> {
  const { env, signal } = context;
  const logger = configuredLogger(context, configuration);
  const temporal = await temporalSettings(configuration, env);
  const workers = await startWorkers({
    configuration: { ...configuration, temporal },
    env,
    logger,
    programVersion: await programVersion(),
    queues: options.queues,
  });
  const ended = workers.run();
  signal.addEventListener('abort', () => workers.shutdown(), { once: true });
  if (signal.aborted) workers.shutdown();
  return { workers, ended };
}
