import { Failure, isFailure } from '../../contracts/failures.ts';
import type { BackupSummary, Warning } from '../../contracts/jobs.ts';
import type { BlobReader, BlobWriter, SavedContent, SaveOptions } from '../blobs.ts';
import { smallFileBytes } from '../blobs.ts';
import { Background } from '../tasks/background.ts';
import { Pace } from '../tasks/pace.ts';
import { Slots } from '../tasks/slots.ts';
import { type EncodedNode, encodeNode } from '../tree/encode.ts';
import type { TreeNode } from '../tree/node.ts';
import { localUtcOffset, type UtcOffset } from '../tree/time.ts';
import { Checkpoints } from './checkpoints.ts';
import type { DirectoryEntry, Entry, FileEntry, StreamEntry } from './entry.ts';
import { type FileComparison, isUnchanged, ParentFolder } from './parent-folder.ts';
import { completed, encodeUnique, type PendingNode } from './pending-nodes.ts';
import { Place } from './place.ts';
import { saveFile } from './save-file.ts';
import { type ItemChange, SummaryCounter } from './summary.ts';

export interface ArchiveRequest {
  readonly repository: BlobReader;
  readonly writer: BlobWriter;
  /** Top entries of the snapshot. */
  readonly roots: AsyncIterable<Entry> | Iterable<Entry>;
  /** Root tree of an earlier snapshot: files that have not changed since are not read again. */
  readonly parentTree?: string;
  /** How files are compared with it; by size, times and inode when left out. */
  readonly comparison?: FileComparison;
  readonly signal: AbortSignal;
  /** Called about ten times a second, and at the end. */
  readonly onProgress?: (progress: ArchiveProgress) => void;
  /** Called for each file and folder that is stored or was found unmodified. */
  readonly onItem?: (item: ArchivedItem) => void;
  /** What could not be stored, or not as it was; the run goes on. */
  readonly onWarning?: (warning: Warning) => void;
  /** An index is written whenever so many bytes were stored since the last one, or five minutes went by. */
  readonly checkpointEveryBytes?: number;
  /** Large files and streams that are read at the same time; small files are read many together. */
  readonly filesInFlight?: number;
  /** Time zone of the times in trees; that of the process when left out. */
  readonly utcOffset?: UtcOffset;
}

export interface ArchiveProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly bytesStored: number;
  /** Path of the item under way. */
  readonly current: string;
}

export interface ArchivedItem {
  /** A folder's ends with a slash. */
  readonly path: string;
  readonly change: ItemChange;
  readonly sizeBytes: number;
}

export interface ArchiveResult {
  /** Id of the root tree. */
  readonly tree: string;
  readonly summary: BackupSummary;
}

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
  try {
    return await new ArchiveRun(request, background).store();
  } catch (error) {
    background.stop(error);
    await background.settle();
    background.throwIfStopped();
    throw error;
  }
}

/** An item whose storing has begun. In an object, so that a promise in it is not awaited. */
interface Started {
  readonly node: PendingNode;
}

class ArchiveRun {
  readonly #request: ArchiveRequest;
  readonly #background: Background;
  readonly #counter = new SummaryCounter();
  readonly #files: Slots;
  readonly #smallFiles = new Slots(smallFilesInFlight);
  readonly #trees = new Slots(treesInFlight);
  readonly #pace = new Pace(() => this.#report());
  readonly #checkpoints: Checkpoints;
  readonly #utcOffset: UtcOffset;
  #bytesDone = 0;
  #current: Pick<Place, 'path'> = { path: '/' };

  constructor(request: ArchiveRequest, background: Background) {
    this.#request = request;
    this.#background = background;
    this.#files = new Slots(request.filesInFlight ?? defaultFilesInFlight);
    this.#checkpoints = new Checkpoints(request.writer, request.checkpointEveryBytes);
    this.#utcOffset = request.utcOffset ?? localUtcOffset();
  }

  async store(): Promise<ArchiveResult> {
    const parent = await this.#loadParent(this.#request.parentTree, '/');
    const nodes = await this.#storeChildren(this.#request.roots, '', parent);
    const encoded = await completed(nodes);
    if (encoded.length === 0) throw new Failure('SourceMissing', 'There is nothing to store.');
    const tree = await this.#saveTree(encoded, '/');
    await this.#background.settle();
    this.#background.throwIfStopped();
    this.#report();
    return { tree, summary: this.#counter.summary() };
  }

  async #storeChildren(
    children: AsyncIterable<Entry> | Iterable<Entry>,
    folder: string,
    parent: ParentFolder | undefined,
  ): Promise<PendingNode[]> {
    const nodes: PendingNode[] = [];
    const take = (entry: Entry): Started | Promise<Started> => {
      const place = new Place(folder, entry.name, parent?.find(entry.name));
      this.#current = place;
      const node = this.#reuse(entry, place);
      return node ? { node } : this.#store(entry, place);
    };
    // Most sources list without waiting; awaiting their entries would cost more than listing them.
    if (Symbol.asyncIterator in children) {
      for await (const entry of children) {
        this.#background.throwIfStopped();
        nodes.push((await take(entry)).node);
      }
      return nodes;
    }
    for (const entry of children) {
      if (this.#pace.isDue) await this.#turn();
      const started = take(entry);
      nodes.push((started instanceof Promise ? await started : started).node);
    }
    return nodes;
  }

  async #turn(): Promise<void> {
    await this.#pace.turn();
    this.#background.throwIfStopped();
  }

  /** The node of a file that has not changed since the earlier snapshot, with the content of then. */
  #reuse(entry: Entry, place: Place): EncodedNode | undefined {
    const { previous } = place;
    if (entry.kind !== 'file' || !previous || !this.#isUnchanged(entry, previous)) return undefined;
    const content = previous.content ?? [];
    if (!content.every((id) => this.#request.repository.hasBlob('data', id))) {
      this.#warn(place.path, 'parts of it are missing in the repository; it is stored again');
      return undefined;
    }
    const sizeBytes = entry.metadata.size ?? 0n;
    this.#counter.file('unmodified', sizeBytes);
    this.#request.onItem?.({ path: place.path, change: 'unmodified', sizeBytes: Number(sizeBytes) });
    this.#bytesDone += Number(sizeBytes);
    return this.#encode(entry, { content });
  }

  #isUnchanged({ metadata }: FileEntry, previous: TreeNode): boolean {
    return isUnchanged(metadata, previous, this.#request.comparison);
  }

  async #store(entry: Entry, place: Place): Promise<Started> {
    switch (entry.kind) {
      case 'directory':
        return this.#storeDirectory(entry, place);
      case 'file':
        return this.#inFlight(this.#slotsFor(entry), () => this.#storeFile(entry, place));
      case 'stream':
        return this.#inFlight(this.#files, () => this.#storeStream(entry, place));
      case 'other':
        return { node: this.#encode(entry, {}) };
    }
  }

  #slotsFor({ metadata }: FileEntry): Slots {
    return (metadata.size ?? 0n) <= smallFileBytes ? this.#smallFiles : this.#files;
  }

  /** Waits for a slot, then goes on while the task runs. */
  async #inFlight(slots: Slots, task: () => Promise<EncodedNode | undefined>): Promise<Started> {
    const { result } = await this.#background.start(slots, task);
    return { node: result };
  }

  async #storeDirectory(entry: DirectoryEntry, place: Place): Promise<Started> {
    const parent = await this.#loadParent(place.previous?.subtree, place.path);
    const nodes = await this.#storeChildren(entry.children(), place.path, parent);
    const finish = async (): Promise<EncodedNode> => {
      const subtree = await this.#saveTree(await completed(nodes), place.path);
      const node = this.#encode(entry, { subtree });
      const change = this.#changeOf(node, place.previous);
      this.#counter.directory(change);
      this.#request.onItem?.({ path: `${place.path}/`, change, sizeBytes: 0 });
      return node;
    };
    // With files of it in flight, the folder cannot wait for a slot: they bound how many such folders there are.
    if (nodes.some((node) => node instanceof Promise)) return { node: this.#background.track(finish()) };
    return this.#inFlight(this.#trees, finish);
  }

  async #saveTree(nodes: readonly EncodedNode[], path: string): Promise<string> {
    const { signal } = this.#background;
    const saved = await this.#request.writer.saveBlob('tree', encodeUnique(nodes, path), signal);
    this.#counter.tree(saved);
    await this.#checkpoints.after(this.#counter.storedBytes, signal);
    return saved.id;
  }

  async #storeFile(entry: FileEntry, place: Place): Promise<EncodedNode | undefined> {
    const result = await saveFile(entry, this.#request.writer, this.#saveOptions());
    if (result.warning !== undefined) this.#warn(place.path, result.warning);
    if (result.kind === 'skipped') return undefined;
    return this.#storedNode({ ...entry, metadata: result.metadata }, result.saved, place);
  }

  async #storeStream(entry: StreamEntry, place: Place): Promise<EncodedNode> {
    const stream = await entry.open(this.#background.signal);
    try {
      const saved = await this.#request.writer.saveStream(stream, this.#saveOptions());
      return await this.#storedNode(entry, saved, place);
    } finally {
      stream.destroy();
    }
  }

  async #storedNode(entry: Entry, saved: SavedContent, place: Place): Promise<EncodedNode> {
    const node = this.#encode(entry, { content: saved.content, size: saved.sizeBytes });
    this.#counter.content(saved);
    const change = this.#changeOf(node, place.previous);
    this.#counter.file(change, saved.sizeBytes);
    this.#request.onItem?.({ path: place.path, change, sizeBytes: Number(saved.sizeBytes) });
    await this.#checkpoints.after(this.#counter.storedBytes, this.#background.signal);
    return node;
  }

  #saveOptions(): SaveOptions {
    return {
      signal: this.#background.signal,
      onBytes: (bytes) => {
        this.#bytesDone += bytes;
        this.#pace.moved();
      },
    };
  }

  #encode(entry: Entry, stored: Partial<TreeNode>): EncodedNode {
    return encodeNode({ ...entry.metadata, ...stored, name: entry.name }, this.#utcOffset);
  }

  #changeOf(node: EncodedNode, previous: TreeNode | undefined): ItemChange {
    if (!previous) return 'new';
    return encodeNode(previous, this.#utcOffset).json.equals(node.json) ? 'unmodified' : 'changed';
  }

  /** A parent that cannot be read costs time, not data: everything below it is stored as if it were new. */
  async #loadParent(treeId: string | undefined, path: string): Promise<ParentFolder | undefined> {
    if (treeId === undefined) return undefined;
    try {
      return await ParentFolder.load(this.#request.repository, treeId, this.#background.signal);
    } catch (error) {
      this.#background.throwIfStopped();
      if (!isFailure(error, 'RepositoryDamaged')) throw error;
      this.#warn(path, `the earlier snapshot cannot be compared with: ${error.message}`);
      return undefined;
    }
  }

  #warn(subject: string, message: string): void {
    this.#request.onWarning?.({ subject, message });
  }

  #report(): void {
    this.#request.onProgress?.({
      filesDone: this.#counter.filesDone,
      bytesDone: this.#bytesDone,
      bytesStored: this.#counter.storedBytes,
      current: this.#current.path,
    });
  }
}
