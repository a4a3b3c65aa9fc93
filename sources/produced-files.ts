import { Readable } from 'node:stream';
import type { DirectoryEntry, Entry, StreamEntry } from '../repository/archive/entry.ts';
import { LendingStream } from '../repository/archive/lending-stream.ts';
import type { NodeMetadata } from '../repository/tree/node.ts';

/** Go's os.ModeDir. */
const directoryBit = 2 ** 31;

/** Entries for what a source produces rather than finds: files of our own user alone, as old as the run. */
export class ProducedFiles {
  readonly #startedAtNs = BigInt(Date.now()) * 1_000_000n;

  folder(name: string, children: DirectoryEntry['children']): DirectoryEntry {
    const metadata = { ...this.#metadata(), type: 'dir', mode: directoryBit + 0o700 } as const;
    return { kind: 'directory', name: Buffer.from(name), metadata, children };
  }

  stream(name: string, open: StreamEntry['open']): StreamEntry {
    return { kind: 'stream', name: Buffer.from(name), metadata: this.#metadata(), open };
  }

  /** A file whose content is known when it is read. */
  file(name: string, content: () => Promise<Buffer>): Entry {
    return this.stream(name, async () => Readable.from([await content()], { objectMode: false }));
  }

  #metadata(): NodeMetadata {
    const timeNs = this.#startedAtNs;
    return {
      type: 'file',
      mode: 0o600,
      mtimeNs: timeNs,
      atimeNs: timeNs,
      ctimeNs: timeNs,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
    };
  }
}

/** A stream that fails when the signal is aborted, even if nobody reads it: so its source is closed too. */
export function streamOf(chunks: AsyncIterable<Buffer>, signal: AbortSignal): Readable {
  return endingWith(signal, Readable.from(chunks, { objectMode: false }));
}

/** The same of pieces of which each is valid only until the next one is asked for. */
export function lendingStreamOf(chunks: AsyncIterable<Buffer>, signal: AbortSignal): Readable {
  return endingWith(signal, new LendingStream(chunks));
}

function endingWith(signal: AbortSignal, stream: Readable): Readable {
  const onAbort = (): void => void stream.destroy(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', onAbort));
  stream.on('error', () => {});
  return stream;
}

/**
 * A name as a file name. Letters, digits, "_", "." and "-" stay, except "." and "-" in front; all else becomes
 * "%" and two hex digits for each byte of UTF-8. Different names give different files.
 */
export function fileNameOf(name: string): string {
  return name.replace(/[^\p{L}\p{N}_.-]|^[.-]/gu, (character) => {
    const bytes = [...Buffer.from(character)];
    return bytes.map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
  });
}

/** A word of a shell of POSIX, for instructions. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** "1.4 GB". */
export function describeSize(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), sizeUnits.length - 1);
  const value = bytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${sizeUnits[power]}`;
}
