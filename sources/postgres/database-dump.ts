import { tocFile } from '../describing-files.ts';
import type { RowCount } from './archive/block-decoder.ts';
import { LargeObjectMeasure } from './archive/large-object-measure.ts';
import { ArchiveReader, type Member } from './archive/read-archive.ts';
import { encodeDirectoryToc, section, type Toc, type TocEntry } from './archive/toc.ts';
import { Channel } from './channel.ts';
import type { LargeObjects } from './content.ts';
import { type ProgramContext, runDump } from './dump.ts';
import type { TableGroup } from './large-tables.ts';
import type { DatabaseSnapshot } from './snapshot.ts';

/** A file of a dump in pg_dump's directory format. */
export interface DumpFile {
  readonly name: string;
  /** To be read to its end, once. Each piece is valid until the next one is asked for. */
  readonly content: AsyncIterable<Buffer>;
}

/** What is known of a dump whose files have all been read. */
export interface FinishedDump {
  readonly toc: Toc;
  /** Bytes of the files with data. */
  readonly bytes: number;
  /** By the object id of the table. */
  readonly tables: ReadonlyMap<string, RowCount>;
  readonly largeObjects: LargeObjects;
}

export interface DumpChoice {
  /** Options of pg_dump that choose what is dumped. */
  readonly args: readonly string[];
  /** Tables that programs of their own dump, beside that of all others. */
  readonly groups: readonly TableGroup[];
}

interface Passage {
  readonly channel: Channel<DumpFile>;
  readonly signal: AbortSignal;
}

/**
 * The dump of one database as its snapshot sees it, as the files of pg_dump's directory format: one for each
 * table and each large object. Several pg_dump run at the same time; nothing of it touches a disk.
 */
export class DatabaseDump {
  readonly #programs: ProgramContext;
  readonly #snapshot: DatabaseSnapshot;
  readonly #choice: DumpChoice;
  readonly #tables = new Map<string, RowCount>();
  readonly #largeObjects = new LargeObjectMeasure();
  /** Lines of the lists of large objects, by the id of their entry. */
  readonly #largeObjectLists = new Map<number, string[]>();
  /** Entries of the data of other programs than the first. */
  readonly #further: TocEntry[] = [];
  #toc: Toc | undefined;
  #lastId = Number.POSITIVE_INFINITY;
  #bytes = 0;

  constructor(programs: ProgramContext, snapshot: DatabaseSnapshot, choice: DumpChoice) {
    this.#programs = programs;
    this.#snapshot = snapshot;
    this.#choice = choice;
  }

  /**
   * All files, as they come: several are open at a time, and each must be read for others to come. Ends when
   * every program has succeeded and every dump was whole.
   * @throws {Failure} as `runDump`
   */
  async *files(): AsyncGenerator<DumpFile> {
    const { args, groups } = this.#choice;
    const stop = new AbortController();
    const channel = new Channel<DumpFile>();
    const excluded = groups.flat().map((table) => `--exclude-table-data=${table}`);
    const first = this.#follow([...args, ...excluded], channel, stop.signal);
    const others = groups.map((tables) => this.#followGroup(tables, first.opened, channel, stop.signal));
    const all = [first.ended, ...others];
    for (const one of all) one.catch((error: unknown) => channel.close({ error }));
    Promise.all(all).then(
      () => channel.close(),
      () => {},
    );
    try {
      yield* channel;
      yield* this.#lists();
    } finally {
      stop.abort(new Error('The dump was given up'));
      await Promise.allSettled(all);
    }
  }

  /** After all files have been read. */
  get finished(): FinishedDump {
    const toc = this.#toc;
    if (toc === undefined) throw new Error('The dump is not finished');
    return { toc, bytes: this.#bytes, tables: this.#tables, largeObjects: this.#largeObjects.result };
  }

  #follow(args: readonly string[], channel: Channel<DumpFile>, signal: AbortSignal) {
    const opened = Promise.withResolvers<Toc>();
    opened.promise.catch(() => {});
    const run = async (): Promise<void> => {
      try {
        const reader = await this.#open(args, signal);
        this.#lastId = reader.toc.entries.reduce((last, { id }) => Math.max(last, id), 0);
        this.#toc = reader.toc;
        opened.resolve(reader.toc);
        for await (const member of reader.members())
          await this.#pass(member, member.entry.id, { channel, signal });
      } catch (error) {
        opened.reject(error);
        throw error;
      }
    };
    return { opened: opened.promise, ended: run() };
  }

  /** Data alone. Its entries get ids of their own, and hang on the table of the first dump. */
  async #followGroup(
    tables: TableGroup,
    opened: Promise<Toc>,
    channel: Channel<DumpFile>,
    signal: AbortSignal,
  ): Promise<void> {
    const chosen = tables.map((table) => `--table=${table}`);
    const reader = await this.#open(['--data-only', ...chosen], signal);
    const tableIds = new Map(
      (await opened).entries.filter(({ kind }) => kind === 'TABLE').map(({ id, oid }) => [oid, id]),
    );
    for await (const member of reader.members()) {
      this.#lastId += 1;
      const id = this.#lastId;
      const table = tableIds.get(member.entry.oid);
      this.#further.push({
        ...member.entry,
        id,
        dependencies: table === undefined ? [] : [String(table)],
      });
      await this.#pass(member, id, { channel, signal });
    }
  }

  async #open(args: readonly string[], stop: AbortSignal): Promise<ArchiveReader> {
    const signal = AbortSignal.any([this.#programs.signal, stop]);
    return await ArchiveReader.open(runDump({ ...this.#programs, signal }, this.#snapshot, args));
  }

  /** Hands a member on as a file, and waits until it was read. */
  async #pass(member: Member, id: number, { channel, signal }: Passage): Promise<void> {
    // Between two members it may have been given up: the event of that has passed.
    signal.throwIfAborted();
    const read = Promise.withResolvers<void>();
    read.promise.catch(() => {});
    // A reader that gives up may never begin with it.
    const onAbort = (): void => read.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#handOn(member, id, { channel, read });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #handOn(
    member: Member,
    id: number,
    { channel, read }: { readonly channel: Channel<DumpFile>; readonly read: PromiseWithResolvers<void> },
  ): Promise<void> {
    const { largeObject } = member;
    if (largeObject === undefined) {
      channel.push({ name: dataFile(id), content: this.#counted(member.content, read) });
      await read.promise;
      if (member.entry.oid !== undefined) this.#tables.set(member.entry.oid, member.count());
      return;
    }
    const name = `blob_${largeObject}.dat`;
    const lines = this.#largeObjectLists.get(id) ?? [];
    this.#largeObjectLists.set(id, lines);
    lines.push(`${largeObject} ${name}\n`);
    const content = this.#largeObjects.follow(largeObject, member.content);
    channel.push({ name, content: this.#counted(content, read) });
    await read.promise;
  }

  async *#counted(content: AsyncIterable<Buffer>, read: PromiseWithResolvers<void>): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of content) {
        this.#bytes += chunk.length;
        yield chunk;
      }
      read.resolve();
    } catch (error) {
      read.reject(error);
      throw error;
    } finally {
      // Without effect unless the reader has given up.
      read.reject(new Error('The file was not read to its end'));
    }
  }

  /** The table of contents, and the lists of large objects. */
  *#lists(): Generator<DumpFile> {
    const { toc } = this.finished;
    const whole = { ...toc, entries: withFurther(toc.entries, this.#further) };
    this.#toc = whole;
    for (const [id, lines] of this.#largeObjectLists)
      yield file(listFile(toc, id), Buffer.from(lines.join('')));
    const fileOf = ({ id, kind, hasData }: TocEntry): string | undefined => {
      if (kind === 'BLOBS') return this.#largeObjectLists.has(id) ? listFile(toc, id) : undefined;
      return hasData ? dataFile(id) : undefined;
    };
    yield file(tocFile, encodeDirectoryToc(whole, fileOf));
  }
}

function dataFile(id: number): string {
  return `${id}.dat`;
}

/** Since 1.16 there may be several lists. */
function listFile({ minor }: Toc, id: number): string {
  return minor >= 16 ? `blobs_${id}.toc` : 'blobs.toc';
}

function file(name: string, bytes: Buffer): DumpFile {
  return {
    name,
    content: (async function* () {
      yield bytes;
    })(),
  };
}

/** Data is restored after what is to hold it, and before what is built on it. */
function withFurther(entries: readonly TocEntry[], further: readonly TocEntry[]): readonly TocEntry[] {
  const after = entries.findIndex((entry) => entry.section === section.postData);
  return after < 0 ? [...entries, ...further] : entries.toSpliced(after, 0, ...further);
}
