import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** Garbage of a thread is short-lived slices; a small nursery keeps its caches warm and its memory low. */
const nurseryMegabytes = 8;

/** Starts a thread of the engine. It does not keep the process from ending. */
export function startThread(
  program: URL,
  options: { readonly name: string; readonly data: unknown },
): Worker {
  const thread = new Worker(program, {
    workerData: options.data,
    env: { ...process.env, ...compileCache() },
    name: options.name,
    resourceLimits: { maxYoungGenerationSizeMb: nurseryMegabytes },
  });
  thread.unref();
  return thread;
}

/** Lets threads share compiled code with this one: it halves their start-up time, and saves some 15 MB in each. */
function compileCache(): Record<string, string> {
  const folder = getCompileCacheDir();
  // The folder of this version of Node lies in the one that was asked for.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
