import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker, type WorkerOptions, type WorkflowBundle } from '@temporalio/worker';
import {
  type ActivityDependencies,
  createControlActivities,
  createHostActivities,
} from '../activities/index.ts';
import { configuredDataConverter } from '../codec/configured.ts';
import { controlQueue, hostQueue } from '../contracts/queues.ts';
import { temporalEndpoint } from '../control/endpoint.ts';
import { type CompositionOptions, composeActivities } from './composition.ts';
import { connectWorker } from './connection.ts';
import { installRuntime } from './runtime.ts';
import { registerSearchAttributes } from './search-attributes.ts';

export interface StartWorkersOptions extends CompositionOptions {
  /** Which queues are worked on. A host that only lends its data has no need of the control queue. */
  readonly queues?: 'all' | 'host';
  /** Made beforehand (`workflowsPath`); without it the workflows are bundled now, which takes a second or two. */
  readonly workflowBundle?: WorkflowBundle;
  /** Other settings of the SDK, for tests. */
  readonly workerOptions?: Partial<WorkerOptions>;
}

export interface RunningWorkers {
  /** Resolves when the workers have drained after `shutdown`; rejects if one of them fails. */
  run(): Promise<void>;
  /** Begins to drain; safe to repeat. */
  shutdown(): void;
}

/** Settings with their reasons; measured in a study of this SDK. */
const settings = {
  // Steps that end within half a minute end in peace; others are stopped, and go on elsewhere.
  shutdownGraceTime: '30 seconds',
  shutdownForceTime: '60 seconds',
  // A query that finds its worker dead waits this long before another one answers.
  stickyQueueScheduleToStartTimeout: '3 seconds',
  // How late a cancellation arrives, and how much progress a killed worker leaves untold.
  maxHeartbeatThrottleInterval: '2 seconds',
  defaultHeartbeatThrottleInterval: '2 seconds',
} as const satisfies Partial<WorkerOptions>;

/** Source of the workflows, for bundling. */
export const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** Backups and restores are bound by disks and networks; more of them at once only slow each other. */
const stepsAtOnce = 4;

/**
 * Starts a worker for the control queue and one for the queue of this host. They poll from `run` on.
 * @throws {Failure} TemporalUnavailable, InvalidConfiguration, SecretUnavailable
 */
export async function startWorkers(options: StartWorkersOptions): Promise<RunningWorkers> {
  const { configuration, env, logger, queues = 'all' } = options;
  installRuntime(logger);
  const endpoint = temporalEndpoint(configuration.temporal, env);
  const { namespace } = endpoint;
  const dataConverter = await configuredDataConverter(configuration.temporal.encryption, env);
  const connection = await connectWorker(endpoint, logger);
  const dependencies = composeActivities(options);
  try {
    const workers = await createWorkers(dependencies, options, {
      ...settings,
      connection,
      namespace,
      ...(dataConverter && { dataConverter }),
      ...options.workerOptions,
    });
    logger.info(
      { address: endpoint.address, namespace, host: configuration.host, queues },
      'The worker is ready',
    );
    return runningWorkers(workers, async () => {
      await dependencies.close();
      await connection.close();
    });
  } catch (error) {
    await dependencies.close();
    // It refuses to close while a worker that was made, but not run, holds it.
    await connection.close().catch(() => {});
    throw error;
  }
}

type SharedOptions = Omit<WorkerOptions, 'taskQueue' | 'activities'> & {
  readonly connection: NativeConnection;
  readonly namespace: string;
};

async function createWorkers(
  dependencies: ActivityDependencies,
  options: StartWorkersOptions,
  shared: SharedOptions,
): Promise<readonly Worker[]> {
  const host = await Worker.create({
    maxConcurrentActivityTaskExecutions: stepsAtOnce,
    ...shared,
    taskQueue: hostQueue(options.configuration.host),
    activities: { ...createHostActivities(dependencies) },
  });
  if (options.queues === 'host') return [host];
  await registerSearchAttributes(shared.connection, shared.namespace);
  // A bundle that was made without the converter of failures would leave their messages readable.
  const bundle = shared.dataConverter === undefined ? options.workflowBundle : undefined;
  const control = await Worker.create({
    ...shared,
    taskQueue: controlQueue,
    activities: { ...createControlActivities(dependencies) },
    ...(bundle ? { workflowBundle: bundle } : { workflowsPath }),
  });
  return [host, control];
}

function runningWorkers(workers: readonly Worker[], close: () => Promise<void>): RunningWorkers {
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    async run() {
      try {
        const runs = workers.map((worker) => worker.run());
        // One that fails takes the others with it, or the process would live on half deaf.
        for (const run of runs) run.catch(shutdown);
        await Promise.all(runs);
      } finally {
        await close();
      }
    },
  };
}
