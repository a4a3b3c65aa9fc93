import { createLogger } from '../../logging/logger.ts';
import { type StartWorkersOptions, startWorkers } from '../../workers/worker.ts';
import type { Installation } from './installation.ts';

export interface TestWorker {
  /** All that was logged so far, JSON lines. */
  log(): string;
  stop(): Promise<void>;
}

/** Runs the workers of an installation inside the process of the test. */
export async function runWorkers(
  { configuration }: Installation,
  options: Partial<StartWorkersOptions> = {},
): Promise<TestWorker> {
  let log = '';
  const destination = {
    write: (line: string): void => {
      log += line;
    },
  };
  const workers = await startWorkers({
    configuration,
    env: process.env,
    logger: createLogger({ level: 'debug', format: 'json', destination }),
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
    async stop() {
      workers.shutdown();
      await running;
    },
  };
}
