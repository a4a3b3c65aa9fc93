import type { BlobType } from '../blobs.ts';
import { sealOverheadBytes } from '../crypto/sealing.ts';
import type { BlobSequence, PackedBlob } from '../pack/header.ts';
import { IdTable } from './id-table.ts';
import { NumberColumn } from './number-column.ts';

/** Where a blob lies. */
export interface BlobLocation extends PackedBlob {
  /** Id of the pack. */
  readonly pack: string;
}

/** A pack and what it holds, which may be decoded only as it is read. */
export interface ListedPack {
  readonly id: string;
  readonly blobs: BlobSequence;
}

/** A pack and the blobs that an index says it holds, in the order of their offsets. */
export interface IndexedPack {
  readonly id: string;
  readonly blobs: readonly PackedBlob[];
}

/**
 * All blobs and packs that the index files name, at about 56 bytes for each blob. A blob that lies in
 * several packs has an entry for each.
 */
export class BlobIndex {
  #packs = new IdTable();
  #tables = { data: new BlobTable(), tree: new BlobTable() };
  #treePacks = new Set<number>();
  #marked = new Set<string>();
  #newestMarkMs = Number.NEGATIVE_INFINITY;

  get packCount(): number {
    return this.#packs.size;
  }

  get blobCount(): number {
    return this.#tables.data.size + this.#tables.tree.size;
  }

  /** Adds what an index file or a stored pack says; what is known already changes nothing. */
  addPack(pack: ListedPack): void {
    const known = this.#packs.find(pack.id);
    const packNumber = known < 0 ? this.#packs.add(pack.id) : known;
    const [first] = pack.blobs;
    if (first?.type === 'tree') this.#treePacks.add(packNumber);
    for (const blob of pack.blobs) this.#tables[blob.type].add(blob, packNumber, known >= 0);
  }

  /** Takes over the content of another index, which must not be used afterwards. */
  replaceBy(other: BlobIndex): void {
    this.#packs = other.#packs;
    this.#tables = other.#tables;
    this.#treePacks = other.#treePacks;
    this.#marked = other.#marked;
    this.#newestMarkMs = other.#newestMarkMs;
  }

  /** Takes note of a pack that a prune has marked to be removed. */
  addMark(pack: string, markedMs: number): void {
    this.#marked.add(pack);
    this.#newestMarkMs = Math.max(this.#newestMarkMs, markedMs);
  }

  /** Whether a pack is marked to be removed, and nobody has taken it back into the index. */
  isMarked(pack: string): boolean {
    return this.#marked.has(pack) && !this.hasPack(pack);
  }

  get hasMarks(): boolean {
    return this.#marked.size > 0;
  }

  /** When the last prune marked packs, in ms since 1970; far in the past without any. */
  get newestMarkMs(): number {
    return this.#newestMarkMs;
  }

  hasPack(id: string): boolean {
    return this.#packs.find(id) >= 0;
  }

  /** Whether a pack begins with a tree: packs of one type alone are all that is written today. */
  holdsTrees(pack: string): boolean {
    return this.#treePacks.has(this.#packs.find(pack));
  }

  /** What a pack holds; undefined for one that no index names. */
  contentOf(pack: string): BlobType | undefined {
    if (!this.hasPack(pack)) return undefined;
    return this.holdsTrees(pack) ? 'tree' : 'data';
  }

  hasBlob(type: BlobType, id: string): boolean {
    return this.#tables[type].ids.find(id) >= 0;
  }

  /** Bytes of the plaintext. */
  blobSize(type: BlobType, id: string): number | undefined {
    const table = this.#tables[type];
    const number = table.ids.find(id);
    return number < 0 ? undefined : table.plainBytes(number);
  }

  /** All places of a blob, the first known first. */
  locate(type: BlobType, id: string): readonly BlobLocation[] {
    const table = this.#tables[type];
    return table.ids.findAll(id).map((number) => this.#location(type, table, number));
  }

  *packs(): Generator<string> {
    for (let number = 0; number < this.#packs.size; number++) yield this.#packs.id(number);
  }

  /** Every blob with its pack, in no order. */
  *blobs(): Generator<BlobLocation> {
    for (const type of ['data', 'tree'] as const) {
      const table = this.#tables[type];
      for (let number = 0; number < table.size; number++) yield this.#location(type, table, number);
    }
  }

  /** Every pack with its blobs. Takes 4 further bytes for each blob while it runs. */
  *blobsByPack(): Generator<IndexedPack> {
    const groups = (['data', 'tree'] as const).map((type) => ({
      type,
      table: this.#tables[type],
      grouped: groupByPack(this.#tables[type], this.#packs.size),
    }));
    for (let pack = 0; pack < this.#packs.size; pack++) {
      const blobs = groups.flatMap(({ type, table, grouped }) => {
        const [from = 0, to = 0] = grouped.starts.subarray(pack, pack + 2);
        return Array.from(grouped.order.subarray(from, to), (number) => table.blob(type, number));
      });
      yield { id: this.#packs.id(pack), blobs: blobs.sort((a, b) => a.offset - b.offset) };
    }
  }

  #location(type: BlobType, table: BlobTable, number: number): BlobLocation {
    return { ...table.blob(type, number), pack: this.#packs.id(table.packs.get(number)) };
  }
}

/** The blobs of one type: their numbers are rows of the columns. */
class BlobTable {
  readonly ids = new IdTable();
  readonly packs = new NumberColumn();
  readonly #offsets = new NumberColumn();
  readonly #lengths = new NumberColumn();
  readonly #uncompressedLengths = new NumberColumn();

  get size(): number {
    return this.ids.size;
  }

  add(blob: PackedBlob, pack: number, packIsKnown: boolean): void {
    if (packIsKnown && this.#has(blob, pack)) return;
    const number = this.ids.add(blob.id);
    this.packs.set(number, pack);
    this.#offsets.set(number, blob.offset);
    this.#lengths.set(number, blob.length);
    this.#uncompressedLengths.set(number, blob.uncompressedLength ?? 0);
  }

  blob(type: BlobType, number: number): PackedBlob {
    const uncompressedLength = this.#uncompressedLengths.get(number);
    return {
      type,
      id: this.ids.id(number),
      offset: this.#offsets.get(number),
      length: this.#lengths.get(number),
      ...(uncompressedLength > 0 && { uncompressedLength }),
    };
  }

  plainBytes(number: number): number {
    return this.#uncompressedLengths.get(number) || this.#lengths.get(number) - sealOverheadBytes;
  }

  #has(blob: PackedBlob, pack: number): boolean {
    return this.ids
      .findAll(blob.id)
      .some((number) => this.packs.get(number) === pack && this.#offsets.get(number) === blob.offset);
  }
}

/** Counting sort of row numbers by pack: those of pack n are `order` from `starts[n]` to `starts[n + 1]`. */
function groupByPack(table: BlobTable, packCount: number): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(packCount + 1);
  for (let number = 0; number < table.size; number++) {
    const pack = table.packs.get(number);
    starts[pack + 1] = (starts[pack + 1] ?? 0) + 1;
  }
  for (let pack = 0; pack < packCount; pack++)
    starts[pack + 1] = (starts[pack + 1] ?? 0) + (starts[pack] ?? 0);
  const next = starts.slice();
  const order = new Uint32Array(table.size);
  for (let number = 0; number < table.size; number++) {
    const pack = table.packs.get(number);
    const place = next[pack] ?? 0;
    order[place] = number;
    next[pack] = place + 1;
  }
  return { order, starts };
}
