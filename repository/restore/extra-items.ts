import { readdirSync, rmSync, unlinkSync } from 'node:fs';
import type { TargetFolder } from './target-folder.ts';

/** Names in a folder of the target that a snapshot does not have, as bytes in characters. */
export function extraNames(folder: TargetFolder, wanted: ReadonlySet<string>): readonly Buffer[] {
  return readdirSync(folder.self, { encoding: 'latin1' })
    .filter((name) => !wanted.has(name))
    .map((name) => Buffer.from(name, 'latin1'));
}

/** Removes an item with all that is in it; links in it are removed and not followed. */
export function removeItem(folder: TargetFolder, name: Buffer): void {
  const path = folder.pathOf(name);
  if (folder.kindOf(name) !== 'folder') unlinkSync(path);
  // The path leads through the descriptor of the folder, and what it removes is opened without following links.
  else rmSync(path, { recursive: true });
}
