import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { Warning } from '../../contracts/jobs.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import type { Source } from '../../sources/source.ts';

export interface OpenStream {
  /** Its first bytes are there, and wait to be read. */
  readonly stream: Readable;
  /** Settles with the stream, which somebody must read or destroy. */
  readonly ended: Promise<void>;
}

/** Reads a source up to the first bytes of the stream that is wanted. */
export async function openStream(
  source: Source,
  isWanted: (name: string) => boolean,
  signal: AbortSignal,
  warn: (warning: Warning) => void = () => {},
): Promise<OpenStream> {
  for await (const entry of streamsOf(source.capture({ signal, warn }))) {
    const stream = await entry.open(signal);
    if (!isWanted(entry.name.toString())) {
      await buffer(stream);
      continue;
    }
    const ended = finished(stream);
    ended.catch(() => {});
    await Promise.race([once(stream, 'readable'), ended]);
    return { stream, ended };
  }
  throw new Error('The source has no such stream');
}

async function* streamsOf(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): AsyncGenerator<Extract<Entry, { readonly kind: 'stream' }>> {
  for await (const entry of entries) {
    if (entry.kind === 'stream') yield entry;
    if (entry.kind === 'directory') yield* streamsOf(entry.children());
  }
}
