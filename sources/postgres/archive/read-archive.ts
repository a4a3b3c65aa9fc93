import { BlockDecoder, type RowCount } from './block-decoder.ts';
import { ByteSource } from './byte-source.ts';
import { type FoundToc, readToc } from './read-toc.ts';
import { damaged, type TocEntry } from './toc.ts';

/** Block types of the data part. */
const dataBlock = 1;
const largeObjectBlock = 3;

/** The data of one entry, or one large object of it. */
export interface Member {
  readonly entry: TocEntry;
  /** Absent for a table. */
  readonly largeObject?: number;
  /** To be read to its end before the next member comes. Each piece is valid until the next one is asked for. */
  readonly content: AsyncGenerator<Buffer>;
  /** Of a table whose content has been read. */
  count(): RowCount;
}

/**
 * Reads a dump in the custom format as it passes by. The format has no trailer: it is whole when each entry
 * that has data was followed by a complete block of it.
 */
export class ArchiveReader {
  readonly toc: FoundToc;
  readonly #source: ByteSource;
  readonly #decoder: BlockDecoder;

  private constructor(source: ByteSource, toc: FoundToc, decoder: BlockDecoder) {
    this.#source = source;
    this.toc = toc;
    this.#decoder = decoder;
  }

  /** @throws {Failure} ToolFailed, SourceUnsupported; of the stream */
  static async open(chunks: AsyncIterable<Buffer>): Promise<ArchiveReader> {
    const source = new ByteSource(chunks);
    try {
      return new ArchiveReader(source, await readToc(source), await BlockDecoder.create());
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Bytes of the dump that have come so far. */
  get bytes(): number {
    return this.#source.total;
  }

  /**
   * Everything that has data, in the order of the dump. Releases the stream when it ends or is given up.
   * @throws {Failure} ToolFailed if the dump is not whole; of the stream
   */
  async *members(): AsyncGenerator<Member> {
    try {
      yield* this.#blocks();
    } finally {
      await this.#source.close();
    }
  }

  async *#blocks(): AsyncGenerator<Member> {
    const entries = new Map(this.toc.entries.map((entry) => [entry.id, entry]));
    const awaited = new Set(this.toc.awaited);
    while ((await this.#source.available()).length > 0) {
      const type = await this.#source.byte();
      const id = await this.#source.int();
      const entry = entries.get(id);
      if (!awaited.delete(id) || entry === undefined) {
        throw damaged(`it holds data of an entry ${id} that awaits none`);
      }
      if (type === dataBlock) yield this.#member(entry);
      else if (type === largeObjectBlock) yield* this.#largeObjects(entry);
      else throw damaged(`it holds a block of the unknown type ${type}`);
    }
    if (awaited.size > 0) {
      throw damaged(`it ends early: the data of ${awaited.size} entries is missing or cut`);
    }
  }

  async *#largeObjects(entry: TocEntry): AsyncGenerator<Member> {
    for (let oid = await this.#source.int(); oid !== 0; oid = await this.#source.int()) {
      yield { ...this.#member(entry), largeObject: oid };
    }
  }

  #member(entry: TocEntry): Member {
    let count: RowCount | undefined;
    const content = this.#content(entry.kind === 'TABLE DATA', (counted) => {
      count = counted;
    });
    return {
      entry,
      content,
      count: () => {
        if (count === undefined) throw damaged(`the data of ${entry.tag} was not read to its end`);
        return count;
      },
    };
  }

  async *#content(isTable: boolean, onEnd: (count: RowCount) => void): AsyncGenerator<Buffer> {
    const decoder = this.#decoder;
    decoder.begin(isTable);
    for (;;) {
      const piece = (await this.#source.available()).subarray(0, decoder.capacity);
      if (piece.length === 0) throw damaged('it ends early: the data of an entry is cut');
      const { consumed, content, isEnded } = decoder.decode(piece);
      this.#source.take(consumed);
      if (content.length > 0) yield content;
      if (!isEnded) continue;
      onEnd(decoder.count);
      return;
    }
  }
}
