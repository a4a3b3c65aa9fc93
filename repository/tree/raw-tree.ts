import { isId } from '../ids.ts';

/** A node of a tree as it stands there. */
export interface RawNode {
  readonly json: Buffer;
  /** Blob ids of a file's content; undefined for what has none. */
  readonly content: readonly string[] | undefined;
  /** Tree blob of a folder. */
  readonly subtree: string | undefined;
}

/** How far ahead a node is looked for: past some that are gone, not through a large folder for each new file. */
const searchBytes = 64 * 1024;

const start = '{"nodes":[';
const endOfName = '","type":"';
/** All of a node behind its metadata. */
const stored = /,"content":(?:null|\[(?:"([0-9a-f",]*)")?\])(?:,"subtree":"([0-9a-f]{64})")?\}/y;

/**
 * Compares the items of a folder, in the order of their names, with a tree of earlier, byte by byte: what has not
 * changed is kept as it was written. So it need not be decoded, nor encoded anew. A tree that is written in another
 * way matches nothing.
 */
export class RawTree {
  readonly #bytes: Buffer;
  /** One character for each byte. */
  readonly #text: string;
  /** Where the next node begins. */
  #position = start.length;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  /** The node that has this metadata, if it is the next one or one of the next; those before it are passed over. */
  match(metadata: Buffer): RawNode | undefined {
    if (!this.#beginsWith(metadata)) {
      this.#search(metadata);
      if (!this.#beginsWith(metadata)) return undefined;
    }
    const from = this.#position;
    stored.lastIndex = from + metadata.length;
    const found = stored.exec(this.#text);
    if (!found) return undefined;
    const [whole, ids, subtree] = found;
    const content = whole.startsWith(noContent) ? undefined : (ids?.split('","') ?? []);
    if (content && !content.every(isId)) return undefined;
    this.#position = stored.lastIndex + 1;
    return { content, subtree, json: this.#bytes.subarray(from, stored.lastIndex) };
  }

  #beginsWith(metadata: Buffer): boolean {
    const end = this.#position + metadata.length;
    return (
      end <= this.#bytes.length &&
      this.#bytes.compare(metadata, 0, metadata.length, this.#position, end) === 0
    );
  }

  /** Goes to the node of this name, if there is one near. */
  #search(metadata: Buffer): void {
    const name = metadata.subarray(0, metadata.indexOf(endOfName) + endOfName.length);
    const found = this.#bytes.subarray(this.#position, this.#position + searchBytes).indexOf(name);
    if (found > 0) this.#position += found;
  }
}

const noContent = ',"content":null';
