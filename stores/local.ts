import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, opendir, stat, unlink } from 'node:fs/promises';
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
    for await (const { name, path } of this.#walk(type, signal)) {
      if (!isFileName(name)) continue;
      const sizeBytes = await this.#sizeOfListed(path, signal);
      if (sizeBytes !== undefined) yield { name, sizeBytes };
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
      for await (const { name, path } of this.#walk(type, signal)) {
        if (temporaryName.test(name)) await removeIfOlder(path, before, signal);
      }
    }
    // The temporary file of a `config` lies at the top.
    for await (const { name, path } of filesIn(this.location, signal)) {
      if (temporaryName.test(name)) await removeIfOlder(path, before, signal);
    }
  }

  async close(): Promise<void> {}

  #path(file: StoreFile): string {
    if (file.type !== 'config' && file.type !== 'moved' && !isFileName(file.name)) {
      throw new Failure('Internal', `"${file.name}" is no name of a stored file.`);
    }
    return join(this.location, fileKey(file));
  }

  /** All files of a type, with those that are none of ours. */
  async *#walk(type: ListedType, signal: AbortSignal | undefined) {
    await this.#assertPresent(signal);
    const folder = join(this.location, typeFolder(type));
    if (type !== 'data') {
      yield* filesIn(folder, signal);
      return;
    }
    for await (const shard of entriesOf(folder, signal)) {
      if (/^[0-9a-f]{2}$/.test(shard.name)) yield* filesIn(join(folder, shard.name), signal);
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

async function* filesIn(folder: string, signal: AbortSignal | undefined) {
  for await (const entry of entriesOf(folder, signal)) {
    if (!entry.isDirectory()) yield { name: entry.name, path: join(folder, entry.name) };
  }
}

async function* entriesOf(folder: string, signal: AbortSignal | undefined) {
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      signal?.throwIfAborted();
      yield entry;
    }
  } catch (error) {
    if (!isMissing(error)) throw localFailure(error, 'read', folder, signal);
  }
}

async function removeIfOlder(path: string, beforeMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    if ((await stat(path)).mtimeMs <= beforeMs) await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw localFailure(error, 'write', path, signal);
  }
}
