import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ModeFact } from '../policy/security/modes.ts';

/** Modes of these paths; what is not there, or cannot be looked at, is left out. */
export async function modesOf(
  paths: readonly string[],
  kind: ModeFact['kind'],
): Promise<readonly ModeFact[]> {
  const facts = await Promise.all(
    paths.map(async (file) => {
      const status = await stat(file).catch(() => undefined);
      return status ? [{ path: file, mode: status.mode, kind, isFolder: status.isDirectory() }] : [];
    }),
  );
  return facts.flat();
}

/**
 * Modes of a repository's folder, and of what lies in it where others could enter it: its folders, its
 * configuration and its key files.
 */
export async function repositoryModes(folder: string): Promise<readonly ModeFact[]> {
  const top = await modesOf([folder], 'state');
  if (top.every(({ mode }) => (mode & 0o077) === 0)) return top;
  const inner = ['config', 'keys', 'snapshots', 'index', 'data', 'locks'].map((name) =>
    path.join(folder, name),
  );
  const keys = await filesIn(path.join(folder, 'keys'));
  return [...top, ...(await modesOf([...inner, ...keys], 'state'))];
}

/** Modes of the state folder and of what lies in it, two levels deep. */
export async function stateModes(stateDir: string): Promise<readonly ModeFact[]> {
  const top = await filesIn(stateDir);
  const nested = await Promise.all(top.map(filesIn));
  return await modesOf([stateDir, ...top, ...nested.flat()], 'state');
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((): readonly string[] => []);
  return names.map((name) => path.join(folder, name));
}
