import type { TreeNode } from '../tree/node.ts';
import { printablePath } from '../tree/walk.ts';
import type { ContentWriter, Writing } from './content-writer.ts';
import { existingItem, isTakenForUnchanged, openAndCompare, stays, writeZeros } from './existing-file.ts';
import { extraNames, removeItem } from './extra-items.ts';
import type { IncludedPaths } from './include.ts';
import type { RestoreProblems } from './problems.ts';
import type { RestoreRequest, RestoreTotals } from './request.ts';
import { type NewFile, updateFile } from './restored-file.ts';
import { type TargetFolder, withFolder } from './target-folder.ts';
import { contentProblem } from './verify-content.ts';

interface ExistingItemsParts {
  readonly request: RestoreRequest;
  readonly content: ContentWriter;
  readonly problems: RestoreProblems;
  readonly signal: AbortSignal;
}

/** What of a restore depends on what is in the target already. */
export class ExistingItems {
  readonly #parts: ExistingItemsParts;
  /** Files that are read again at the end. */
  readonly #toVerify: { readonly names: readonly Buffer[]; readonly node: TreeNode }[] = [];
  #filesSkipped = 0;
  #bytesSkipped = 0;
  #deleted = 0;

  constructor(parts: ExistingItemsParts) {
    this.#parts = parts;
  }

  get counts(): Pick<RestoreTotals, 'filesSkipped' | 'bytesSkipped' | 'deleted'> {
    return { filesSkipped: this.#filesSkipped, bytesSkipped: this.#bytesSkipped, deleted: this.#deleted };
  }

  /** Whether an item is there and is to stay. */
  stays(node: TreeNode, folder: TargetFolder): boolean {
    const { overwrite: mode } = this.#parts.request;
    if (mode !== 'never' && mode !== 'if-newer') return false;
    const existing = existingItem(folder.pathOf(node.name));
    if (existing === undefined || !stays(mode, existing, node)) return false;
    if (node.type === 'file') this.#filesSkipped += 1;
    return true;
  }

  /** Brings a file that is there up to date where it lies; undefined when it has to be made anew. */
  async update(file: NewFile): Promise<Writing | undefined> {
    const { request, content, signal } = this.#parts;
    const { path, node, parts } = file;
    const mode = request.overwrite;
    const existing = mode && existingItem(path);
    if (!existing) return undefined;
    const isUnchanged = isTakenForUnchanged(mode, existing, node);
    const opened = await openAndCompare(path, isUnchanged ? [] : parts, signal);
    if (!opened) return undefined;
    const { handle, different } = opened;
    // A file of one blob is written anew, at the same cost and in one step.
    if (different.length > 0 && parts.length === 1) {
      await handle.close();
      return undefined;
    }
    this.#bytesSkipped += Number(node.size ?? 0n) - different.reduce((sum, { length }) => sum + length, 0);
    await handle.truncate(Number(node.size ?? 0n));
    return await updateFile(content, { ...file, handle, parts: await writeZeros(handle, different) });
  }

  /** Takes note of a file that was written. */
  isRestored(node: TreeNode, folder: readonly Buffer[]): void {
    if (this.#parts.request.verify) this.#toVerify.push({ names: [...folder, node.name], node });
  }

  /** Removes what the snapshot does not have, as far as it would be restored if it had. */
  deleteExtra(
    nodes: readonly TreeNode[],
    place: { readonly folder: TargetFolder; readonly included: IncludedPaths; readonly path: string },
  ): void {
    const { request, problems } = this.#parts;
    if (!request.deleteExtra) return;
    const wanted = new Set(nodes.map(({ name }) => name.toString('latin1')));
    for (const name of extraNames(place.folder, wanted)) {
      const item = `${place.path}/${printablePath(name)}`;
      if (place.included.below(name)?.inclusion !== 'wanted' || request.exclude?.(item)) continue;
      try {
        removeItem(place.folder, name);
        this.#deleted += 1;
      } catch (error) {
        problems.item(item, error);
      }
    }
  }

  /** Reads what was restored again. */
  async verify(root: TargetFolder): Promise<void> {
    const { problems, signal, request } = this.#parts;
    for (const { names, node } of this.#toVerify) {
      const problem = await withFolder(root, names.slice(0, -1), (folder) =>
        contentProblem(folder.pathOf(node.name), node, { reader: request.reader, signal }),
      );
      if (problem !== undefined) problems.mismatch(`/${names.map(printablePath).join('/')}`, problem);
    }
  }
}
