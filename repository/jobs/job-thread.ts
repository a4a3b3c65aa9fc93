import { Worker } from 'node:worker_threads';
import { threadEnvironment } from '../../posix/thread-environment.ts';

/** Garbage of a thread is short-lived slices; a small nursery keeps its caches warm and its memory low. */
const nurseryMegabytes = 8;

/** Starts a thread of the engine. It does not keep the process from ending. */
export function startThread(
  program: URL,
  options: { readonly name: string; readonly data: unknown },
): Worker {
  const thread = new Worker(program, {
    workerData: options.data,
    env: threadEnvironment(),
    name: options.name,
    resourceLimits: { maxYoungGenerationSizeMb: nurseryMegabytes },
  });
  thread.unref();
  return thread;
}
