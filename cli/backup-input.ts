import { userInfo } from 'node:os';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Warning } from '../contracts/jobs.ts';
import type { Entry } from '../repository/archive/entry.ts';
import { type FilesSourceOptions, filesSource, presentPaths } from './sources.ts';

/** What a backup by the engine alone stores: files, or a stream as one file. */
export type BackupInput =
  | { readonly kind: 'files'; readonly files: FilesSourceOptions }
  | {
      readonly kind: 'stream';
      readonly name: string;
      /** Its end means that all bytes are right; an error of it fails the backup. */
      readonly open: (signal: AbortSignal) => Readable | Promise<Readable>;
    };

export interface OpenedInput {
  readonly startedAt: Date;
  /** Of the snapshot. */
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
  readonly roots: AsyncIterable<Entry> | Iterable<Entry>;
  close(): Promise<void>;
}

export interface InputContext {
  readonly signal: AbortSignal;
  readonly warn: (warning: Warning) => void;
}

/**
 * Opens what is to be stored; many files are listed from now on, while the repository is opened. Of several paths those
 * that are missing are warned of, as with restic. To be closed.
 * @throws {Failure} SourceMissing when none of the paths is there; InvalidConfiguration
 */
export async function openInput(input: BackupInput, { signal, warn }: InputContext): Promise<OpenedInput> {
  const startedAt = new Date();
  if (input.kind === 'stream') {
    const roots = [streamEntry(input, startedAt)];
    return { startedAt, paths: [`/${input.name}`], excludes: [], roots, close: async () => {} };
  }
  const { files } = input;
  const { present, absent } = presentPaths(files.paths);
  // The snapshot names those that are there, as restic's does.
  const source = filesSource({ ...files, paths: present, listsAhead: true });
  await source.preflight(signal);
  for (const warning of absent) warn(warning);
  const excludes = [...(files.exclude ?? []), ...(files.iexclude ?? [])];
  const roots = source.capture({ signal, warn });
  return { startedAt, paths: source.paths, excludes, roots, close: () => source.close() };
}

/** A regular file of the present time that its owner alone may read. */
function streamEntry({ name, open }: Extract<BackupInput, { kind: 'stream' }>, time: Date): Entry {
  const timeNs = BigInt(time.getTime()) * 1_000_000n;
  const { uid, gid, username } = userInfo();
  const times = { mtimeNs: timeNs, atimeNs: timeNs, ctimeNs: timeNs };
  return {
    kind: 'stream',
    name: Buffer.from(name),
    metadata: { type: 'file', mode: 0o600, ...times, uid, gid, user: username },
    // Standard input may stand still for ever.
    open: async (signal) => addAbortSignal(signal, await open(signal)),
  };
}
