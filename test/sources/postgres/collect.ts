import { buffer } from 'node:stream/consumers';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
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
