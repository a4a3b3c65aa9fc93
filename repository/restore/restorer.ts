import { unlinkSync } from 'node:fs';
import { Failure } from '../../contracts/failures.ts';
import { loadPosixCalls, type PosixCalls } from '../../posix/calls.ts';
import { Background } from '../tasks/background.ts';
import { Pace } from '../tasks/pace.ts';
import { loadTree } from '../tree/load-tree.ts';
import type { TreeNode } from '../tree/node.ts';
import { RepeatLimit } from '../tree/repeat-limit.ts';
import { findNode, maxTreeDepth, printablePath, subtreeOf } from '../tree/walk.ts';
import { contentParts } from './content-parts.ts';
import { ContentWriter, type Writing } from './content-writer.ts';
import { ExistingItems } from './existing-items.ts';
import { type FirstLink, HardLinks } from './hard-links.ts';
import { IncludedPaths } from './include.ts';
import { applyMetadata, type RestoredItem } from './metadata.ts';
import { RestoreProblems } from './problems.ts';
import type { RestoreRequest, RestoreTotals } from './request.ts';
import { writeNewFile } from './restored-file.ts';
import { makeSpecial } from './special.ts';
import { TargetFolder } from './target-folder.ts';

/**
 * Restores a tree below a folder: content, links, devices, owners, attributes, times and modes. Nothing is
 * written outside of the target. Damage does not keep the rest from being restored, and is thrown at the end.
 * @throws {Failure} TargetConflict, TargetUnwritable, StorageFull, RepositoryDamaged, PathEscape, InvalidInput
 * for an included path that the snapshot does not have
 */
export async function restoreTree(request: RestoreRequest): Promise<RestoreTotals> {
  for (const path of request.include ?? []) {
    if (Buffer.from(path).equals(Buffer.from('/'))) continue;
    if (await findNode(request.reader, request.tree, path, request.signal)) continue;
    throw new Failure('InvalidInput', `The snapshot has no ${printablePath(Buffer.from(path))}.`);
  }
  const root = openTarget(request);
  const background = new Background(request.signal);
  const run = new RestoreRun(request, root, background);
  try {
    return await run.restore();
  } catch (error) {
    background.stop(error);
    await background.settle();
    background.throwIfStopped();
    throw error;
  } finally {
    await run.close();
    root.close();
  }
}

function openTarget({ target, overwrite }: RestoreRequest): TargetFolder {
  try {
    const root = TargetFolder.openRoot(target);
    if (overwrite || root.isEmpty) return root;
    root.close();
  } catch (cause) {
    throw new Failure('TargetUnwritable', `The target ${target} cannot be made or opened.`, { cause });
  }
  throw new Failure('TargetConflict', `The target ${target} is not empty.`);
}

/** Where an item goes. */
interface Place {
  readonly folder: TargetFolder;
  /** Names of the folders from the root of the snapshot to this one. */
  readonly names: readonly Buffer[];
  /** Path of the folder in the snapshot, for messages. */
  readonly path: string;
  readonly included: IncludedPaths;
}

/** Work that goes on; in an object, so that it is not awaited. */
interface Started {
  readonly result: Promise<unknown>;
}

class RestoreRun {
  readonly #request: RestoreRequest;
  readonly #background: Background;
  readonly #problems: RestoreProblems;
  readonly #calls: PosixCalls = loadPosixCalls();
  readonly #content: ContentWriter;
  readonly #links: HardLinks;
  readonly #existing: ExistingItems;
  readonly #repeats = new RepeatLimit();
  readonly #pace = new Pace(() => this.#report());
  readonly #root: TargetFolder;
  #filesDone = 0;
  #bytesDone = 0;
  #current = '/';

  constructor(request: RestoreRequest, root: TargetFolder, background: Background) {
    this.#request = request;
    this.#root = root;
    this.#links = new HardLinks(root);
    this.#background = background;
    this.#problems = new RestoreProblems(request.target, request.onWarning ?? (() => {}));
    this.#content = new ContentWriter(request.reader, background.signal, (bytes) => {
      this.#bytesDone += bytes;
      this.#pace.moved();
    });
    this.#existing = new ExistingItems({
      request,
      content: this.#content,
      problems: this.#problems,
      signal: background.signal,
    });
  }

  async restore(): Promise<RestoreTotals> {
    const included = IncludedPaths.of(this.#request.include ?? []);
    const started: Promise<unknown>[] = [];
    await this.#children(this.#request.tree, { folder: this.#root, names: [], path: '', included }, started);
    await this.#content.finish();
    await this.#background.settle();
    this.#background.throwIfStopped();
    await this.#existing.verify(this.#root);
    this.#report();
    this.#problems.throwDamage();
    return { files: this.#filesDone, bytes: this.#bytesDone, ...this.#existing.counts };
  }

  /** To be called when nothing is under way any more. */
  async close(): Promise<void> {
    await this.#content.close();
  }

  /** Begins to restore everything in a folder; what is still under way is added to `started`. */
  async #children(tree: string, place: Place, started: Promise<unknown>[]): Promise<void> {
    const { reader, exclude, adapt = (same: TreeNode) => same } = this.#request;
    const nodes = await loadTree(reader, tree, this.#background.signal);
    this.#repeats.enter(tree, nodes);
    this.#existing.deleteExtra(nodes, place);
    for (const stored of nodes) {
      const node = adapt(stored);
      const included = place.included.below(node.name);
      if (!included || node.type === 'socket' || exclude?.(itemPath(place, node))) continue;
      if (included.inclusion === 'on-the-way' && node.type !== 'dir') continue;
      if (this.#pace.isDue) await this.#pace.turn();
      this.#background.throwIfStopped();
      this.#current = itemPath(place, node);
      const item = await this.#item(node, { ...place, included });
      if (item) started.push(item.result);
    }
  }

  async #item(node: TreeNode, place: Place): Promise<Started | undefined> {
    if (node.type === 'dir') return this.#directory(node, place);
    if (node.type === 'file') return this.#file(node, place);
    if (node.type === 'irregular') {
      this.#problems.warn(itemPath(place, node), 'it is of a kind that cannot be restored');
      return undefined;
    }
    if (this.#existing.stays(node, place.folder)) return undefined;
    this.#attempt(node, place, () => {
      this.#makeRoom(node, place);
      makeSpecial(this.#calls, place.folder.pathOf(node.name), node);
      this.#applyMetadata({ path: place.folder.pathOf(node.name) }, node, place);
    });
    return undefined;
  }

  async #directory(node: TreeNode, place: Place): Promise<Started | undefined> {
    if (place.names.length >= maxTreeDepth) {
      throw new Failure('RepositoryDamaged', `The snapshot has folders deeper than ${maxTreeDepth} levels.`);
    }
    const folder = this.#attempt(node, place, () => {
      if (!this.#request.overwrite || place.folder.kindOf(node.name) !== 'folder')
        place.folder.makeFolder(node.name);
      return place.folder.open(node.name);
    });
    if (!folder) return undefined;
    this.#content.countDescriptor();
    const inside = { ...place, folder, names: [...place.names, node.name], path: itemPath(place, node) };
    const started: Promise<unknown>[] = [];
    try {
      await this.#children(subtreeOf(node, Buffer.from(inside.path)), inside, started);
    } catch (error) {
      // What has begun still uses the folder.
      const finished = this.#background.track(this.#finish(folder, started, () => {}));
      this.#note(node, place, error);
      return { result: finished };
    }
    const item = { path: folder.self, descriptor: folder.descriptor };
    const apply = () => this.#applyMetadata(item, node, place);
    return { result: this.#background.track(this.#finish(folder, started, apply)) };
  }

  /** Waits until nobody changes the folder; then its own times can be set. */
  async #finish(
    folder: TargetFolder,
    started: readonly Promise<unknown>[],
    apply: () => void,
  ): Promise<void> {
    await Promise.allSettled(started);
    try {
      this.#background.throwIfStopped();
      apply();
    } finally {
      folder.close();
    }
  }

  async #file(node: TreeNode, place: Place): Promise<Started | undefined> {
    if (this.#existing.stays(node, place.folder)) return undefined;
    const first = this.#links.firstOf(node);
    if (first) return { result: this.#background.track(this.#link(first, node, place)) };
    const result = this.#background.track(this.#written(await this.#begin(node, place), node, place));
    this.#links.add(node, [...place.names, node.name], result);
    return { result };
  }

  /** Begins to write a file; undefined when it is damaged or could not be made. */
  async #begin(node: TreeNode, place: Place): Promise<Writing | undefined> {
    const path = place.folder.pathOf(node.name);
    try {
      const parts = contentParts(node, this.#request.reader);
      const applied = (descriptor: number) => applyMetadata(this.#calls, { path, descriptor }, node);
      const file = { path, node, parts, applyMetadata: applied };
      const updating = await this.#existing.update(file);
      if (updating) return updating;
      this.#makeRoom(node, place);
      return await writeNewFile(this.#content, file);
    } catch (error) {
      this.#note(node, place, error);
      return undefined;
    }
  }

  /** Waits until a file is written; false when it is damaged or could not be. */
  async #written(writing: Writing | undefined, node: TreeNode, place: Place): Promise<boolean> {
    if (!writing) return false;
    try {
      this.#problems.metadata(itemPath(place, node), await writing.written);
    } catch (error) {
      this.#note(node, place, error);
      return false;
    }
    this.#filesDone += 1;
    this.#existing.isRestored(node, place.names);
    return true;
  }

  async #link(first: FirstLink, node: TreeNode, place: Place): Promise<void> {
    if (!(await first.isRestored)) {
      this.#problems.warn(itemPath(place, node), 'the file that it is a hard link of was not restored');
      return;
    }
    this.#attempt(node, place, () => {
      this.#makeRoom(node, place);
      this.#links.link(first, place.folder.pathOf(node.name));
      this.#filesDone += 1;
    });
  }

  /** Removes what is in the way of an item, when that is allowed. */
  #makeRoom(node: TreeNode, { folder }: Place): void {
    if (!this.#request.overwrite) return;
    const kind = folder.kindOf(node.name);
    if (kind === 'link' || kind === 'other') unlinkSync(folder.pathOf(node.name));
  }

  #attempt<T>(node: TreeNode, place: Place, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#note(node, place, error);
      return undefined;
    }
  }

  #note(node: TreeNode, place: Place, error: unknown): void {
    this.#background.throwIfStopped();
    this.#problems.item(itemPath(place, node), error);
  }

  #applyMetadata(item: RestoredItem, node: TreeNode, place: Place): void {
    this.#problems.metadata(itemPath(place, node), applyMetadata(this.#calls, item, node));
  }

  #report(): void {
    this.#request.onProgress?.({
      filesDone: this.#filesDone,
      bytesDone: this.#bytesDone,
      current: this.#current,
    });
  }
}

function itemPath(place: Place, node: TreeNode): string {
  return `${place.path}/${printablePath(node.name)}`;
}
