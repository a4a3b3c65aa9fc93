import { Failure, isFailure } from '../../contracts/failures.ts';
import type { SavedContent, SavedFile, SaveOptions } from '../blobs.ts';
import { smallFileBytes } from '../blobs.ts';
import { Background } from '../tasks/background.ts';
import { Slots } from '../tasks/slots.ts';
import { completeNode, type EncodedMetadata, type EncodedNode, encodeMetadata } from '../tree/encode.ts';
import { localUtcOffset, type UtcOffset } from '../tree/time.ts';
import type { ArchiveRequest, ArchiveResult } from './archive-request.ts';
import { Checkpoints } from './checkpoints.ts';
import type { DirectoryEntry, Entry, FileEntry, StreamEntry } from './entry.ts';
import { FolderNodes } from './folder-nodes.ts';
import { lentPieces } from './lending-stream.ts';
import { isUnchanged, ParentFolder } from './parent-folder.ts';
import { Place } from './place.ts';
import { RunAccount } from './run-account.ts';
import { fileResult, stampOf } from './save-file.ts';

const defaultFilesInFlight = 8;
/** Enough to fill the batches of all that read, and some more. */
const smallFilesInFlight = 512;
const treesInFlight = 32;

/**
 * Stores a tree of entries, a folder after everything in it. The caller finishes or aborts the writer.
 * Memory is bounded by the names in the folders on the way and by the files in flight.
 * @throws {Failure} of the repository or of a stream; SourceMissing when there is nothing to store
 */
export async function archive(request: ArchiveRequest): Promise<ArchiveResult> {
  const background = new Background(request.signal);
  const run = new ArchiveRun(request, background);
  try {
    return await run.store();
  } catch (error) {
    background.stop(error);
    await run.settle();
    background.throwIfStopped();
    throw error;
  }
}

class ArchiveRun {
  readonly #request: ArchiveRequest;
  readonly #background: Background;
  readonly #account: RunAccount;
  readonly #files: Slots;
  readonly #smallFiles = new Slots(smallFilesInFlight);
  readonly #trees = new Slots(treesInFlight);
  readonly #checkpoints: Checkpoints;
  readonly #utcOffset: UtcOffset;

  constructor(request: ArchiveRequest, background: Background) {
    this.#request = request;
    this.#background = background;
    this.#account = new RunAccount(request);
    this.#files = new Slots(request.filesInFlight ?? defaultFilesInFlight);
    this.#checkpoints = new Checkpoints(request.writer, request.checkpointEveryBytes);
    this.#utcOffset = request.utcOffset ?? localUtcOffset();
  }

  async store(): Promise<ArchiveResult> {
    const root = new FolderNodes('', await this.#loadParent(this.#request.parentTree, '/'));
    await this.#storeChildren(this.#request.roots, root);
    await this.#completed(root);
    if (root.isEmpty) throw new Failure('SourceMissing', 'There is nothing to store.');
    const tree = await this.#saveTree(root);
    await this.#background.settle();
    this.#background.throwIfStopped();
    this.#account.report();
    return { tree, summary: this.#account.counter.summary() };
  }

  /** Waits until nothing is under way any more. */
  async settle(): Promise<void> {
    await Promise.all([this.#background.settle(), this.#smallFiles.settle()]);
  }

  /** Waits for the nodes of a folder, or for a failure. */
  async #completed(folder: FolderNodes): Promise<void> {
    if (folder.isComplete) return;
    const { signal } = this.#background;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    folder.whenComplete(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) resolve();
    await promise;
    signal.removeEventListener('abort', onAbort);
    this.#background.throwIfStopped();
  }

  async #storeChildren(children: ReturnType<DirectoryEntry['children']>, folder: FolderNodes): Promise<void> {
    // Most sources list without waiting; awaiting their entries would cost more than listing them.
    if (Symbol.iterator in children) {
      for (const entry of children) {
        const wait = this.#turnOrStore(entry, folder);
        if (wait) await wait;
      }
      return;
    }
    for await (const first of children) {
      this.#background.throwIfStopped();
      for (let entry: Entry | undefined = first; entry; ) {
        const wait = this.#turnOrStore(entry, folder);
        if (wait) await wait;
        entry = 'takeArrived' in children ? children.takeArrived() : undefined;
      }
    }
  }

  /** A promise where something is to be waited for. */
  #turnOrStore(entry: Entry, folder: FolderNodes): Promise<void> | undefined {
    return this.#account.pace.isDue ? this.#turnAndStore(entry, folder) : this.#store(entry, folder);
  }

  async #turnAndStore(entry: Entry, folder: FolderNodes): Promise<void> {
    await this.#account.pace.turn();
    this.#background.throwIfStopped();
    await this.#store(entry, folder);
  }

  #store(entry: Entry, folder: FolderNodes): Promise<void> | undefined {
    const place = new Place(folder.path, this.#listed(entry), folder.parent);
    this.#account.current = place;
    switch (entry.kind) {
      case 'directory':
        return this.#storeDirectory(entry, place, folder);
      case 'file':
        return this.#reuse(entry, place, folder) ? undefined : this.#storeFile(entry, place, folder);
      case 'stream':
        return this.#inFlight(this.#files, folder.reserve(place), () => this.#storeStream(entry, place));
      case 'other': {
        const node = completeNode(place.listed, {});
        folder.add(node, place.isSame(node));
        return undefined;
      }
    }
  }

  #listed(entry: Entry): EncodedMetadata {
    const { name, encoded } = entry;
    // It is in the time zone of the process.
    if (encoded && !this.#request.utcOffset) return { name, json: encoded };
    return encodeMetadata(name, entry.metadata, this.#utcOffset);
  }

  /** Takes the content of then for a file that has not changed since the earlier snapshot. */
  #reuse(entry: FileEntry, place: Place, folder: FolderNodes): boolean {
    const content = place.same ? place.same.content : this.#unchangedContent(entry, place);
    if (content === undefined) return false;
    if (!content.every((id) => this.#request.repository.hasBlob('data', id))) {
      this.#account.warn(place.path, 'parts of it are missing in the repository; it is stored again');
      return false;
    }
    this.#account.unmodifiedFile(place, stampOf(entry).size ?? 0n);
    if (place.same) folder.add({ name: entry.name, json: place.same.json }, true);
    else folder.add(completeNode(place.listed, { content }), false);
    return true;
  }

  /** The earlier content of a file of which something else may have changed. */
  #unchangedContent(entry: FileEntry, place: Place): readonly string[] | undefined {
    const { previous } = place;
    if (!previous || !isUnchanged(stampOf(entry), previous, this.#request.comparison)) return undefined;
    return previous.content;
  }

  /** Waits for a slot, then goes on while the task runs. */
  async #inFlight(
    slots: Slots,
    fill: (node: EncodedNode | undefined) => void,
    task: () => Promise<EncodedNode | undefined>,
  ): Promise<void> {
    await this.#background.start(slots, async () => fill(await task()));
  }

  async #storeDirectory(entry: DirectoryEntry, place: Place, above: FolderNodes): Promise<void> {
    const fill = above.reserve(place);
    const folder = new FolderNodes(place.path, await this.#loadParent(place.previousSubtree, place.path));
    await this.#storeChildren(entry.children(), folder);
    const finish = async (): Promise<EncodedNode> => this.#folderNode(place, await this.#saveTree(folder));
    const unchanged = folder.isComplete ? folder.unchangedTree : undefined;
    if (unchanged !== undefined) fill(this.#folderNode(place, unchanged));
    // With files of it in flight, the folder cannot wait for a slot: they bound how many such folders there are.
    else if (folder.isComplete) await this.#inFlight(this.#trees, fill, finish);
    else folder.whenComplete(() => void this.#background.track(finish().then(fill)));
  }

  #folderNode(place: Place, subtree: string): EncodedNode {
    const node = completeNode(place.listed, { subtree });
    this.#account.folder(place, place.changeOf(node, this.#utcOffset));
    return node;
  }

  async #saveTree(folder: FolderNodes): Promise<string> {
    const saved = await this.#request.writer.saveBlob('tree', folder.encode(), this.#background.signal);
    this.#account.counter.tree(saved);
    this.#checkpoint();
    return saved.id;
  }

  #storeFile(entry: FileEntry, place: Place, folder: FolderNodes): Promise<void> | undefined {
    const fill = folder.reserve(place);
    if ((stampOf(entry).size ?? 0n) > smallFileBytes) {
      return this.#inFlight(this.#files, fill, () => this.#storeLargeFile(entry, place));
    }
    if (this.#smallFiles.tryAcquire()) return this.#storeSmallFile(entry, place, fill);
    return this.#smallFiles.acquire().then(() => this.#storeSmallFile(entry, place, fill));
  }

  #storeSmallFile(entry: FileEntry, place: Place, fill: (node: EncodedNode | undefined) => void): undefined {
    this.#request.writer.saveSmallFile({
      path: entry.path,
      metadata: stampOf(entry),
      saved: (result) => {
        if (result.kind === 'large') {
          const task = async (): Promise<void> => fill(await this.#storeLargeFile(entry, place));
          void this.#background.track(task().finally(() => this.#smallFiles.release()));
          return;
        }
        if (result.kind === 'stored') this.#account.moved(Number(result.saved.sizeBytes));
        fill(this.#fileNode(entry, place, result));
        this.#smallFiles.release();
      },
      failed: (error) => {
        this.#background.stop(error);
        this.#smallFiles.release();
      },
    });
  }

  async #storeLargeFile(entry: FileEntry, place: Place): Promise<EncodedNode | undefined> {
    const file = { path: entry.path, metadata: stampOf(entry) };
    return this.#fileNode(entry, place, await this.#request.writer.saveFile(file, this.#saveOptions()));
  }

  #fileNode(entry: FileEntry, place: Place, file: SavedFile): EncodedNode | undefined {
    const result = fileResult(entry, file);
    if (result.warning !== undefined) this.#account.warn(place.path, result.warning);
    if (result.kind === 'skipped') return undefined;
    const { saved, metadata } = result;
    if (!metadata && saved.sizeBytes === (stampOf(entry).size ?? 0n)) {
      return this.#storedNode(place.listed, saved, place);
    }
    const current = { ...(metadata ?? entry.metadata), size: saved.sizeBytes };
    return this.#storedNode(encodeMetadata(entry.name, current, this.#utcOffset), saved, place);
  }

  async #storeStream(entry: StreamEntry, place: Place): Promise<EncodedNode> {
    const stream = await entry.open(this.#background.signal);
    try {
      const saved = await this.#request.writer.saveStream(lentPieces(stream), this.#saveOptions());
      const metadata = { ...entry.metadata, size: saved.sizeBytes };
      return this.#storedNode(encodeMetadata(entry.name, metadata, this.#utcOffset), saved, place);
    } finally {
      stream.destroy();
    }
  }

  #storedNode(listed: EncodedMetadata, saved: SavedContent, place: Place): EncodedNode {
    const node = completeNode(listed, { content: saved.content });
    this.#account.storedFile(place, place.changeOf(node, this.#utcOffset), saved);
    this.#checkpoint();
    return node;
  }

  #checkpoint(): void {
    const { storedBytes } = this.#account.counter;
    if (!this.#checkpoints.isDue(storedBytes)) return;
    void this.#background.track(this.#checkpoints.write(storedBytes, this.#background.signal));
  }

  #saveOptions(): SaveOptions {
    return { signal: this.#background.signal, onBytes: (bytes) => this.#account.moved(bytes) };
  }

  /** A parent that cannot be read costs time, not data: everything below it is stored as if it were new. */
  async #loadParent(treeId: string | undefined, path: string): Promise<ParentFolder | undefined> {
    if (treeId === undefined) return undefined;
    try {
      return await ParentFolder.load(this.#request.repository, treeId, this.#background.signal);
    } catch (error) {
      this.#background.throwIfStopped();
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      this.#account.warn(path, `the earlier snapshot cannot be compared with: ${error.message}`);
      return undefined;
    }
  }
}
