import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { exclusively } from '../scripts/exclusive.mjs';

/** How to get a program that the machine does not have. */
export interface ToolRecipe {
  readonly name: string;
  readonly version: string;
  /** What is being done, for people: "Building Temporal 1.5.1 with Go (some 2 minutes)". */
  readonly notice: string;
  /** Fills an empty folder that is moved to its place afterwards: nothing in it may hold its own path. */
  install(directory: string, signal: AbortSignal): Promise<void>;
}

export interface ToolOptions {
  readonly signal?: AbortSignal;
  /** Told once if something has to be installed, or if another process is installing it. */
  readonly onNotice?: (notice: string) => void;
}

/** Folder that keeps installed tools between runs, outside of any checkout. */
export function toolsDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'resguardo', 'tools');
}

/**
 * Resolves to the folder of an installed tool, installing it first if need be. A tool appears whole or not at
 * all, and two processes never install the same one at once.
 * @throws {Failure} what the recipe throws; StorageFull, ToolMissing if the cache cannot be written
 */
export async function ensureInstalled(
  recipe: ToolRecipe,
  options: ToolOptions = {},
  directory: string = toolsDirectory(),
): Promise<string> {
  const { signal = new AbortController().signal, onNotice } = options;
  const installed = toolFolder(recipe, directory);
  if (await exists(installed)) return installed;
  await exclusively(installed, {
    onWait: () => onNotice?.(`Waiting for another process: ${recipe.notice}`),
    work: async () => {
      signal.throwIfAborted();
      if (await exists(installed)) return;
      onNotice?.(recipe.notice);
      await install(recipe, { directory, installed, signal });
    },
  });
  return installed;
}

/** Whether the tool is in the cache already. */
export function isInstalled(
  recipe: Pick<ToolRecipe, 'name' | 'version'>,
  directory: string = toolsDirectory(),
): Promise<boolean> {
  return exists(toolFolder(recipe, directory));
}

function toolFolder(recipe: Pick<ToolRecipe, 'name' | 'version'>, directory: string): string {
  return join(directory, `${recipe.name}-${recipe.version}-${process.arch}`);
}

interface Installation {
  readonly directory: string;
  readonly installed: string;
  readonly signal: AbortSignal;
}

async function install(recipe: ToolRecipe, { directory, installed, signal }: Installation): Promise<void> {
  const prefix = `.partial-${recipe.name}-${recipe.version}-`;
  const partial = await writing(directory, async () => {
    await mkdir(directory, { recursive: true });
    await removeLeftovers(directory, prefix);
    return mkdtemp(join(directory, prefix));
  });
  try {
    const content = join(partial, 'content');
    await mkdir(content);
    await recipe.install(content, signal);
    await writing(directory, () => rename(content, installed));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Whoever holds the lock knows that the folders of earlier attempts belong to nobody. */
async function removeLeftovers(directory: string, prefix: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function writing<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(full ? 'StorageFull' : 'ToolMissing', `Cannot keep tools in ${directory}: ${reason}`, {
      advice: 'Free space there, or set XDG_CACHE_HOME to a folder that can be written to.',
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
