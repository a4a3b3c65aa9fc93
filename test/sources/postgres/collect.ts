import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
import { type PostgresManifest, parseManifest } from '../../../sources/postgres/manifest.ts';
import type { Source } from '../../../sources/source.ts';

export interface Collected {
  /** Content by path: "shop/globals.sql". */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly warnings: readonly Warning[];
}

/** Reads all of a source, one stream at a time, as the archiver may. */
export async function collect(source: Source, signal: AbortSignal): Promise<Collected> {
  const files = new Map<string, Buffer>();
  const entries = new Map<string, Entry>();
  const warnings: Warning[] = [];
  const visit = async (entry: Entry, parent: string): Promise<void> => {
    const path = `${parent}${entry.name}`;
    entries.set(path, entry);
    if (entry.kind === 'stream') files.set(path, await buffer(await entry.open(signal)));
    if (entry.kind !== 'directory') return;
    for await (const child of entry.children()) await visit(child, `${path}/`);
  };
  for await (const entry of source.capture({ signal, warn: (warning) => warnings.push(warning) })) {
    await visit(entry, '');
  }
  return { files, entries, warnings };
}

export interface OpenDump {
  /** The first file of a dump that has begun, and waits to be read. */
  readonly stream: Readable;
  /** Waits for the end of that file, which somebody must read, and reads what follows it. */
  finish(): Promise<{ readonly manifest: PostgresManifest; readonly rest: Buffer }>;
}

/** Reads a source of one database up to the first bytes of its dump. */
export async function openDump(source: Source, signal: AbortSignal): Promise<OpenDump> {
  const entries = entriesBelow(source.capture({ signal, warn: () => {} }), '');
  for (let next = await entries.next(); !next.done; next = await entries.next()) {
    const { entry, path } = next.value;
    if (entry.kind !== 'stream') continue;
    const stream = await entry.open(signal);
    if (path.includes('.dump/')) {
      const ended = finished(stream);
      ended.catch(() => {});
      await Promise.race([once(stream, 'readable'), ended]);
      return { stream, finish: () => ended.then(() => readOn(entries, signal)) };
    }
    await buffer(stream);
  }
  throw new Error('The source has no dump');
}

interface PlacedEntry {
  readonly entry: Entry;
  readonly path: string;
}

async function* entriesBelow(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  folder: string,
): AsyncGenerator<PlacedEntry> {
  for await (const entry of entries) {
    const path = `${folder}${entry.name}`;
    yield { entry, path };
    if (entry.kind === 'directory') yield* entriesBelow(entry.children(), `${path}/`);
  }
}

async function readOn(entries: AsyncIterable<PlacedEntry>, signal: AbortSignal) {
  const rest: Buffer[] = [];
  for await (const { entry } of entries) {
    if (entry.kind !== 'stream') continue;
    const content = await buffer(await entry.open(signal));
    if (`${entry.name}` === 'manifest.json') {
      return { manifest: parseManifest(content), rest: Buffer.concat(rest) };
    }
    rest.push(content);
  }
  throw new Error('The source has no manifest');
}
