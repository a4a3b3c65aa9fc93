import { lstatSync } from 'node:fs';
import { userInfo } from 'node:os';
import { addAbortSignal, type Readable } from 'node:stream';
import type { Warning } from '../contracts/jobs.ts';
import type { Entry } from '../repository/archive/entry.ts';
import { type FilesSourceOptions, filesSource } from './sources.ts';

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
  /** Of the snapshot. */
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
  readonly roots: AsyncIterable<Entry> | Iterable<Entry>;
}

export interface InputContext {
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  readonly warn: (warning: Warning) => void;
}

/**
 * Opens what is to be stored. Of several paths those that are missing are warned of, as with restic.
 * @throws {Failure} SourceMissing when none of the paths is there; InvalidConfiguration
 */
export async function openInput(
  input: BackupInput,
  { startedAt, signal, warn }: InputContext,
): Promise<OpenedInput> {
  if (input.kind === 'stream') {
    return { paths: [`/${input.name}`], excludes: [], roots: [streamEntry(input, startedAt)] };
  }
  const { files } = input;
  const missing = files.paths.filter((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined);
  const present = files.paths.filter((path) => !missing.includes(path));
  const source = filesSource({ ...files, paths: present.length === 0 ? files.paths : present });
  await source.preflight(signal);
  for (const path of missing) warn({ subject: path, message: 'it does not exist' });
  const excludes = [...(files.exclude ?? []), ...(files.iexclude ?? [])];
  return { paths: source.paths, excludes, roots: source.capture({ signal, warn }) };
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
