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
  /** A dump that has begun, and waits to be read. */
  readonly stream: Readable;
  /** Waits for the end of the dump, which somebody must read, and reads what follows it. */
  finish(): Promise<{ readonly manifest: PostgresManifest }>;
}

/** Reads a source of one database up to the first bytes of its dump. */
export async function openDump(source: Source, signal: AbortSignal): Promise<OpenDump> {
  const children = childrenOfFirst(source, signal);
  for (let child = await children.next(); !child.done; child = await children.next()) {
    if (child.value.kind !== 'stream') continue;
    const stream = await child.value.open(signal);
    if (`${child.value.name}`.endsWith('.dump')) {
      const ended = finished(stream);
      ended.catch(() => {});
      await Promise.race([once(stream, 'readable'), ended]);
      return { stream, finish: () => ended.then(() => readManifest(children, signal)) };
    }
    await buffer(stream);
  }
  throw new Error('The source has no dump');
}

async function* childrenOfFirst(source: Source, signal: AbortSignal): AsyncGenerator<Entry, undefined> {
  for await (const folder of source.capture({ signal, warn: () => {} })) {
    if (folder.kind === 'directory') yield* folder.children();
  }
}

async function readManifest(children: AsyncIterable<Entry>, signal: AbortSignal) {
  for await (const child of children) {
    if (child.kind === 'stream' && `${child.name}` === 'manifest.json') {
      return { manifest: parseManifest(await buffer(await child.open(signal))) };
    }
  }
  throw new Error('The source has no manifest');
}
