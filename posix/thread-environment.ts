import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/**
 * Environment of threads that share compiled code with this one: it halves their start-up time, and saves some 15 MB
 * in each.
 */
export function threadEnvironment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  // The folder of this version of Node lies in the one that was asked for.
  return { ...process.env, ...(folder !== undefined && { NODE_COMPILE_CACHE: dirname(folder) }) };
}
