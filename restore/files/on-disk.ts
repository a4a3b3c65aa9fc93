import { lstat } from 'node:fs/promises';

/** Whether one of the paths is there. What cannot be looked at counts as being there. */
export async function isAnyThere(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if (await isThere(path)) return true;
  return false;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}
