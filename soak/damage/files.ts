import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** All files below a folder, by path. */
export async function readAll(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const path of await listAll(folder)) files.set(path, await readFile(path));
  return files;
}

/** Makes a folder have these files and no others. */
export async function putBack(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const path of await listAll(folder)) if (!files.has(path)) await rm(path);
  for (const [path, bytes] of files) await place(path, bytes);
}

/** Writes a file, in a folder that may be missing. */
export async function place(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

async function listAll(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
