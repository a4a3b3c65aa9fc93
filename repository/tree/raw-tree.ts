import { isId } from '../ids.ts';

/** How far ahead a node is looked for: past some that are gone, not through a large folder for each new file. */
const searchBytes = 64 * 1024;

const start = Buffer.from('{"nodes":[');
const end = Buffer.from(']}\n');
const endOfName = '","type":"';
const noContent = Buffer.from(',"content":null');
const contentStart = Buffer.from(',"content":[');
const subtreeStart = Buffer.from(',"subtree":');

const comma = 0x2c;
const quote = 0x22;
const bracket = 0x5d;
const brace = 0x7d;

const idDigits = 64;
const quotedIdBytes = idDigits + 2;

/** All of a node behind its metadata. */
interface Stored {
  /** Blob ids of a file's content; undefined for what has none. */
  readonly content: readonly string[] | undefined;
  /** Tree blob of a folder. */
  readonly subtree: string | undefined;
  /** Where the node ends. */
  readonly end: number;
}

/** A node of a tree as it stands there. */
export interface RawNode extends Omit<Stored, 'end'> {
  readonly json: Buffer;
}

/**
 * Compares the items of a folder, in the order of their names, with a tree of earlier, byte by byte: what has not
 * changed is kept as it was written. So it need not be decoded, nor encoded anew. A tree that is written in another
 * way matches nothing.
 */
export class RawTree {
  readonly #bytes: Buffer;
  /** Where the next node begins. */
  #position = start.length;
  /** Whether every byte up to there was matched, and is as we would write it. */
  #isMatched: boolean;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#isMatched = this.#has(start, 0);
  }

  /** The node that has this metadata, if it is the next one or one of the next; those before it are passed over. */
  match(metadata: Buffer): RawNode | undefined {
    if (!this.#has(metadata, this.#position)) {
      this.#search(metadata);
      if (!this.#has(metadata, this.#position)) return undefined;
    }
    const from = this.#position;
    const stored = this.#stored(from + metadata.length);
    if (!stored) return undefined;
    if (from > start.length && this.#bytes[from - 1] !== comma) this.#isMatched = false;
    this.#position = stored.end + 1;
    const { content, subtree } = stored;
    return { content, subtree, json: this.#bytes.subarray(from, stored.end) };
  }

  /** Whether the nodes that were found are all that there are: then they make the same tree again. */
  get isMatchedWhole(): boolean {
    const at = this.#position === start.length ? this.#position : this.#position - 1;
    return this.#isMatched && at + end.length === this.#bytes.length && this.#has(end, at);
  }

  /** Whether these bytes stand at a position. */
  #has(wanted: Buffer, at: number): boolean {
    const wantedEnd = at + wanted.length;
    return (
      wantedEnd <= this.#bytes.length && this.#bytes.compare(wanted, 0, wanted.length, at, wantedEnd) === 0
    );
  }

  /** Goes to the node of this name, if there is one near. */
  #search(metadata: Buffer): void {
    const name = metadata.subarray(0, metadata.indexOf(endOfName) + endOfName.length);
    const found = this.#bytes.subarray(this.#position, this.#position + searchBytes).indexOf(name);
    if (found <= 0) return;
    this.#position += found;
    this.#isMatched = false;
  }

  /** What stands behind the metadata; undefined when it is written in another way. */
  #stored(at: number): Stored | undefined {
    const content = this.#content(at);
    if (!content) return undefined;
    const hasSubtree = this.#has(subtreeStart, content.end);
    const subtreeAt = content.end + subtreeStart.length;
    const subtree = hasSubtree ? this.#id(subtreeAt) : undefined;
    if (hasSubtree && subtree === undefined) return undefined;
    const last = hasSubtree ? subtreeAt + quotedIdBytes : content.end;
    return this.#bytes[last] === brace ? { content: content.ids, subtree, end: last + 1 } : undefined;
  }

  #content(at: number): { readonly ids: readonly string[] | undefined; readonly end: number } | undefined {
    if (this.#has(noContent, at)) return { ids: undefined, end: at + noContent.length };
    if (!this.#has(contentStart, at)) return undefined;
    const ids: string[] = [];
    let position = at + contentStart.length;
    if (this.#bytes[position] === bracket) return { ids, end: position + 1 };
    for (;;) {
      const id = this.#id(position);
      if (id === undefined) return undefined;
      ids.push(id);
      position += quotedIdBytes + 1;
      const separator = this.#bytes[position - 1];
      if (separator === bracket) return { ids, end: position };
      if (separator !== comma) return undefined;
    }
  }

  /** The id that stands between quotation marks. */
  #id(at: number): string | undefined {
    if (this.#bytes[at] !== quote || this.#bytes[at + quotedIdBytes - 1] !== quote) return undefined;
    const id = this.#bytes.toString('latin1', at + 1, at + 1 + idDigits);
    return isId(id) ? id : undefined;
  }
}
