import { EventEmitter, once } from 'node:events';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { createLogger } from '../../logging/logger.ts';
import { installRuntime, temporalLogger } from '../../workers/runtime.ts';
import { type StartWorkersOptions, startWorkers, workflowsPath } from '../../workers/worker.ts';
import type { Installation } from './installation.ts';

export interface TestWorker {
  /** All that was logged so far, JSON lines. */
  log(): string;
  /** Resolves when a line with this text is logged. */
  logged(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** Made once for each process. */
let bundle: Promise<WorkflowBundle> | undefined;

/** Runs the workers of an installation inside the process of the test. */
export async function runWorkers(
  { configuration }: Installation,
  options: Partial<StartWorkersOptions> = {},
): Promise<TestWorker> {
  let log = '';
  const lines = new EventEmitter();
  const destination = {
    write: (line: string): void => {
      log += line;
      lines.emit('line');
    },
  };
  const logger = createLogger({ level: 'debug', format: 'json', destination });
  installRuntime(logger);
  bundle ??= bundleWorkflowCode({ workflowsPath, logger: temporalLogger(logger) });
  const workers = await startWorkers({
    configuration,
    env: process.env,
    logger,
    workflowBundle: await bundle,
    programVersion: '0.0.0-test',
    ...options,
    workerOptions: {
      maxHeartbeatThrottleInterval: 200,
      defaultHeartbeatThrottleInterval: 200,
      shutdownGraceTime: '1 second',
      ...options.workerOptions,
    },
    timing: { heartbeatEveryMs: 100, ...options.timing },
  });
  const running = workers.run();
  return {
    log: () => log,
    async logged(text) {
      while (!log.includes(text)) await once(lines, 'line');
    },
    async stop() {
      workers.shutdown();
      await running;
    },
  };
}
