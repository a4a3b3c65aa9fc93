import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CommandContext } from './context.ts';

/** Options about the cache of a repository's metadata on this machine. */
export interface CacheSelection {
  /** False for `--no-cache`. */
  readonly cache?: boolean;
  readonly cacheDir?: string;
}

/** Folder of the caches of all repositories. */
export function cacheFolder(
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  { cacheDir }: CacheSelection,
): string {
  const given = cacheDir ?? env.RESGUARDO_CACHE_DIR;
  if (given) return resolve(cwd, given);
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'resguardo', 'repositories');
}

/** The folder to use for a repository: none for one on this machine, unless a folder is named. */
export function cacheFolderFor(
  context: Pick<CommandContext, 'env' | 'cwd'>,
  selection: CacheSelection,
  url: string,
): string | undefined {
  if (selection.cache === false) return undefined;
  const isRemote = /^[a-z0-9]{2,}:/.test(url) && !url.startsWith('local:');
  return isRemote || selection.cacheDir !== undefined ? cacheFolder(context, selection) : undefined;
}
