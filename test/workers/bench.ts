import type { TestContext } from 'node:test';
import { type Control, connectControl } from '../../control/client.ts';
import type { StartWorkersOptions } from '../../workers/worker.ts';
import { cleanUp } from './clean-up.ts';
import { type Installation, type InstallationOptions, install } from './installation.ts';
import { runWorkers, type TestWorker } from './running-worker.ts';

export interface Bench {
  readonly installation: Installation;
  readonly control: Control;
  readonly worker: TestWorker;
}

export interface BenchOptions {
  readonly installation?: Omit<InstallationOptions, 'address'>;
  readonly worker?: Partial<StartWorkersOptions>;
}

/** An installation with a running worker and a client, all gone when the test has ended. */
export async function workBench(
  t: TestContext,
  address: string,
  { installation: installationOptions, worker: workerOptions }: BenchOptions = {},
): Promise<Bench> {
  const installation = await install({ ...installationOptions, address });
  cleanUp(t, () => installation.remove());
  const worker = await runWorkers(installation, workerOptions);
  cleanUp(t, () => worker.stop());
  const control = await connectControl({ settings: installation.configuration.temporal, env: process.env });
  cleanUp(t, () => control.close());
  return { installation, control, worker };
}

/** A failpoint that stops the work at a name, once, until it is let go. */
export interface Barrier {
  readonly failpoint: (name: string) => Promise<void>;
  /** Resolves when the work stands there. */
  readonly reached: Promise<void>;
  release(): void;
}

export function barrierAt(point: string): Barrier {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  return {
    async failpoint(name) {
      if (name !== point) return;
      reached.resolve();
      await released.promise;
    },
    reached: reached.promise,
    release: () => released.resolve(),
  };
}
