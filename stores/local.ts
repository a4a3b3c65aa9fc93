import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { fileKey, isFileName, typeFolder } from './layout.ts';
import { localFailure } from './local-failure.ts';
import {
  ignoreMissing,
  isMissing,
  makeFolder,
  publish,
  readRange,
  syncFolder,
  writeSynced,
} from './local-file.ts';
import type { ByteRange, ListedType, Store, StoredFile, StoreFile } from './store.ts';

const types = ['key', 'lock', 'snapshot', 'index', 'data'] as const;

/** Folders that are listed, and files that are looked at, at the same time: what waits for a disk or a network. */
const shardsAtOnce = 16;
const filesAtOnce = 64;

const temporaryName = /\.tmp-[0-9a-f]{16}$/;

/** Opens a folder as a store, in the layout of restic's local and sftp backends. Nothing is read or made yet. */
export function openLocalStore(path: string): Store {
  return new LocalStore(resolve(path));
}

/**
 * Files are written beside their place under a temporary name, synced, and then linked to their own name,
 * which fails if the name is taken; last, the folder is synced.
 */
class LocalStore implements Store {
  readonly location: string;

  constructor(path: string) {
    this.location = path;
  }

  async create(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await mkdir(this.location, { recursive: true, mode: 0o700 });
      for (const type of types) await makeFolder(join(this.location, typeFolder(type)));
      const data = join(this.location, typeFolder('data'));
      const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'));
      await Promise.all(shards.map((shard) => makeFolder(join(data, shard))));
      for (const folder of [data, this.location, dirname(this.location)]) await syncFolder(folder);
    } catch (error) {
      throw localFailure(error, 'write', this.location, signal);
    }
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const path = this.#path(file);
    const temporary = `${path}.tmp-${randomBytes(8).toString('hex')}`;
    try {
      signal?.throwIfAborted();
      await writeSynced(temporary, parts, signal);
      try {
        signal?.throwIfAborted();
        return await publish(temporary, path);
      } finally {
        await unlink(temporary).catch(ignoreMissing);
      }
    } catch (error) {
      throw localFailure(error, 'write', path, signal);
    }
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    const path = this.#path(file);
    let handle: FileHandle | undefined;
    try {
      signal?.throwIfAborted();
      handle = await open(path, 'r');
      const wanted = range ?? { offset: 0, length: (await handle.stat()).size };
      return await readRange(handle, wanted, path, signal);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw localFailure(error, 'read', path, signal);
    } finally {
      await handle?.close();
    }
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    const path = this.#path(file);
    try {
      signal?.throwIfAborted();
      return (await stat(path)).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw localFailure(error, 'read', path, signal);
    }
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    for await (const files of this.#walk(type, signal)) {
      for (let from = 0; from < files.length; from += filesAtOnce) {
        const some = files.slice(from, from + filesAtOnce).filter(({ name }) => isFileName(name));
        const sizes = await Promise.all(some.map(({ path }) => this.#sizeOfListed(path, signal)));
        for (const [index, { name }] of some.entries()) {
          const sizeBytes = sizes[index];
          if (sizeBytes !== undefined) yield { name, sizeBytes };
        }
      }
    }
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    const path = this.#path(file);
    try {
      signal?.throwIfAborted();
      await unlink(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if (!isMissing(error)) throw localFailure(error, 'write', path, signal);
    }
  }

  /** Nothing is ever out of reach. */
  async thaw(): Promise<'readable'> {
    return 'readable';
  }

  /** Nothing is kept. */
  async hidden(): Promise<undefined> {
    return undefined;
  }

  async sweep(olderThanMs: number, signal?: AbortSignal): Promise<void> {
    const before = Date.now() - olderThanMs;
    for (const type of types) {
      for await (const files of this.#walk(type, signal)) await removeOldTemporary(files, before, signal);
    }
    // The temporary file of a `config` lies at the top.
    await removeOldTemporary(await filesIn(this.location, signal), before, signal);
  }

  async close(): Promise<void> {}

  #path(file: StoreFile): string {
    if (file.type !== 'config' && file.type !== 'moved' && !isFileName(file.name)) {
      throw new Failure('Internal', `"${file.name}" is no name of a stored file.`);
    }
    return join(this.location, fileKey(file));
  }

  /** All files of a type, with those that are none of ours, some folders at a time. */
  async *#walk(type: ListedType, signal: AbortSignal | undefined): AsyncGenerator<readonly FoundFile[]> {
    await this.#assertPresent(signal);
    const folder = join(this.location, typeFolder(type));
    if (type !== 'data') {
      yield await filesIn(folder, signal);
      return;
    }
    const entries = await entriesOf(folder, signal);
    const shards = entries.map(({ name }) => name).filter((name) => /^[0-9a-f]{2}$/.test(name));
    for (let from = 0; from < shards.length; from += shardsAtOnce) {
      const some = shards.slice(from, from + shardsAtOnce);
      yield (await Promise.all(some.map((shard) => filesIn(join(folder, shard), signal)))).flat();
    }
  }

  /** A folder that has gone, as an unmounted disk has, must not look like an empty repository. */
  async #assertPresent(signal: AbortSignal | undefined): Promise<void> {
    try {
      await stat(this.location);
    } catch (error) {
      if (!isMissing(error)) throw localFailure(error, 'read', this.location, signal);
      throw new Failure('StoreUnavailable', `The folder ${this.location} is not there.`, {
        cause: error,
        advice: 'Mount the disk that holds the repository, or correct its path.',
      });
    }
  }

  async #sizeOfListed(path: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    try {
      const status = await stat(path);
      return status.isFile() ? status.size : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw localFailure(error, 'read', path, signal);
    }
  }
}

interface FoundFile {
  readonly name: string;
  readonly path: string;
}

async function filesIn(folder: string, signal: AbortSignal | undefined): Promise<readonly FoundFile[]> {
  const entries = await entriesOf(folder, signal);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => ({ name, path: join(folder, name) }));
}

/** Of a folder that is missing: none. */
async function entriesOf(folder: string, signal: AbortSignal | undefined): Promise<readonly Dirent[]> {
  try {
    signal?.throwIfAborted();
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw localFailure(error, 'read', folder, signal);
  }
}

async function removeOldTemporary(
  files: readonly FoundFile[],
  beforeMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { name, path } of files) {
    if (temporaryName.test(name)) await removeIfOlder(path, beforeMs, signal);
  }
}

async function removeIfOlder(path: string, beforeMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    if ((await stat(path)).mtimeMs <= beforeMs) await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw localFailure(error, 'write', path, signal);
  }
}
