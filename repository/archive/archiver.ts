import { Failure, isFailure } from '../../contracts/failures.ts';
import type { FileStamp, SavedContent, SaveOptions } from '../blobs.ts';
import { smallFileBytes } from '../blobs.ts';
import { Background } from '../tasks/background.ts';
import { Pace } from '../tasks/pace.ts';
import { Slots } from '../tasks/slots.ts';
import {
  completeNode,
  type EncodedMetadata,
  type EncodedNode,
  encodeMetadata,
  encodeNode,
} from '../tree/encode.ts';
import type { NodeMetadata } from '../tree/node.ts';
import { localUtcOffset, type UtcOffset } from '../tree/time.ts';
import type { ArchiveRequest, ArchiveResult } from './archive-request.ts';
import { Checkpoints } from './checkpoints.ts';
import type { DirectoryEntry, Entry, FileEntry, StreamEntry } from './entry.ts';
import { lentPieces } from './lending-stream.ts';
import { isUnchanged, ParentFolder } from './parent-folder.ts';
import { completed, encodeUnique, type PendingNode } from './pending-nodes.ts';
import { Place } from './place.ts';
import { saveFile } from './save-file.ts';
import { type ItemChange, SummaryCounter } from './summary.ts';

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
      const place = new Place(folder, this.#listed(entry), parent);
      this.#current = place;
      const node = this.#reuse(entry, place);
      return node ? { node } : this.#store(entry, place);
    };
    // Most sources list without waiting; awaiting their entries would cost more than listing them.
    if (Symbol.asyncIterator in children) {
      for await (const entry of children) {
        this.#background.throwIfStopped();
        if (this.#pace.isDue) await this.#turn();
        const started = take(entry);
        nodes.push((started instanceof Promise ? await started : started).node);
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

  #listed(entry: Entry): EncodedMetadata {
    const { name, encoded } = entry;
    // It is in the time zone of the process.
    if (encoded && !this.#request.utcOffset) return { name, json: encoded };
    return encodeMetadata(name, entry.metadata, this.#utcOffset);
  }

  async #turn(): Promise<void> {
    await this.#pace.turn();
    this.#background.throwIfStopped();
  }

  /** The node of a file that has not changed since the earlier snapshot, with the content of then. */
  #reuse(entry: Entry, place: Place): EncodedNode | undefined {
    if (entry.kind !== 'file') return undefined;
    const content = place.same ? place.same.content : this.#unchangedContent(entry, place);
    if (content === undefined) return undefined;
    if (!content.every((id) => this.#request.repository.hasBlob('data', id))) {
      this.#warn(place.path, 'parts of it are missing in the repository; it is stored again');
      return undefined;
    }
    const sizeBytes = stampOf(entry).size ?? 0n;
    this.#counter.file('unmodified', sizeBytes);
    this.#request.onItem?.({ path: place.path, change: 'unmodified', sizeBytes: Number(sizeBytes) });
    this.#bytesDone += Number(sizeBytes);
    return place.same ? { name: entry.name, json: place.same.json } : completeNode(place.listed, { content });
  }

  /** The earlier content of a file of which something else may have changed. */
  #unchangedContent(entry: FileEntry, place: Place): readonly string[] | undefined {
    const { previous } = place;
    if (!previous || !isUnchanged(stampOf(entry), previous, this.#request.comparison)) return undefined;
    return previous.content;
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
        return { node: completeNode(place.listed, {}) };
    }
  }

  #slotsFor(entry: FileEntry): Slots {
    return (stampOf(entry).size ?? 0n) <= smallFileBytes ? this.#smallFiles : this.#files;
  }

  /** Waits for a slot, then goes on while the task runs. */
  async #inFlight(slots: Slots, task: () => Promise<EncodedNode | undefined>): Promise<Started> {
    const { result } = await this.#background.start(slots, task);
    return { node: result };
  }

  async #storeDirectory(entry: DirectoryEntry, place: Place): Promise<Started> {
    const parent = await this.#loadParent(place.previousSubtree, place.path);
    const nodes = await this.#storeChildren(entry.children(), place.path, parent);
    const finish = async (): Promise<EncodedNode> => {
      const subtree = await this.#saveTree(await completed(nodes), place.path);
      const node = completeNode(place.listed, { subtree });
      const change = this.#changeOf(node, place);
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
    const { saved, metadata } = result;
    const isAsListed = !metadata && saved.sizeBytes === (stampOf(entry).size ?? 0n);
    const listed = isAsListed
      ? place.listed
      : this.#encode(entry.name, metadata ?? entry.metadata, saved.sizeBytes);
    return this.#storedNode(completeNode(listed, { content: saved.content }), saved, place);
  }

  async #storeStream(entry: StreamEntry, place: Place): Promise<EncodedNode> {
    const stream = await entry.open(this.#background.signal);
    try {
      const saved = await this.#request.writer.saveStream(lentPieces(stream), this.#saveOptions());
      const listed = this.#encode(entry.name, entry.metadata, saved.sizeBytes);
      return await this.#storedNode(completeNode(listed, { content: saved.content }), saved, place);
    } finally {
      stream.destroy();
    }
  }

  async #storedNode(node: EncodedNode, saved: SavedContent, place: Place): Promise<EncodedNode> {
    this.#counter.content(saved);
    const change = this.#changeOf(node, place);
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

  /** Metadata with the size of what was stored. */
  #encode(name: Buffer, metadata: NodeMetadata, size: bigint): EncodedMetadata {
    return encodeMetadata(name, { ...metadata, size }, this.#utcOffset);
  }

  #changeOf(node: EncodedNode, place: Place): ItemChange {
    if (place.isSame(node)) return 'unmodified';
    const { previous } = place;
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

function stampOf(entry: FileEntry): FileStamp {
  return entry.stamp ?? entry.metadata;
}
