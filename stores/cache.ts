import { createHash, hash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileKey, isFileName } from './layout.ts';
import {
  type ByteRange,
  ForwardingStore,
  type ListedType,
  type Store,
  type StoredFile,
  type StoreFile,
} from './store.ts';

/** What the cache has to know of the repository that it is for. */
export interface CachedRepository {
  readonly id: string;
  /** Whether a pack holds trees: only those are kept, whole. */
  readonly holdsTrees: (pack: string) => boolean;
}

export interface CacheOptions {
  /** Folder of the caches of all repositories. */
  readonly folder: string;
  /** What is longest unused goes when the cache of a repository has more. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 4 * 1024 ** 3;
/** Tells programs that back up what need not be (https://bford.info/cachedir/). */
const tag =
  'Signature: 8a477f597d28d172789f06886806bc55\n# Metadata of repositories, sealed as in the repository.\n';

/**
 * Keeps index files, snapshots and packs with trees of a remote store on this machine, sealed as they are: listing,
 * searching and comparing need little else. What is read from the cache is verified by its name, and read from the
 * store where that fails. Listings always come from the store; names say what a file holds, so none is ever out of date.
 */
export function cachedStore(store: Store, repository: CachedRepository, options: CacheOptions): Store {
  return new CachedStore(store, repository, options);
}

class CachedStore extends ForwardingStore {
  readonly #repository: CachedRepository;
  readonly #options: CacheOptions;
  readonly #folder: string;
  /** Names of files that were found to be whole. */
  readonly #verified = new Set<string>();
  #isUsable = true;

  constructor(store: Store, repository: CachedRepository, options: CacheOptions) {
    super(store);
    this.#repository = repository;
    this.#options = options;
    this.#folder = join(options.folder, repository.id);
  }

  override async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const outcome = await super.save(file, parts, signal);
    // Packs are not known to hold trees before they are indexed; they come in when they are read.
    if (file.type === 'index' || file.type === 'snapshot') await this.#keep(file, Buffer.concat(parts));
    return outcome;
  }

  override async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (!this.#isKept(file)) return await super.load(file, range, signal);
    const cached = await this.#cached(file, range);
    if (cached) return cached;
    const whole = await super.load(file, undefined, signal);
    if (!whole) return undefined;
    if (hash('sha256', whole) === file.name) await this.#keep(file, whole);
    if (!range) return whole;
    // The store says what a range behind the end is.
    if (range.offset + range.length > whole.length) return await super.load(file, range, signal);
    return whole.subarray(range.offset, range.offset + range.length);
  }

  override async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    const cached = this.#isKept(file) ? await this.#cached(file, undefined) : undefined;
    return cached?.length ?? (await super.size(file, signal));
  }

  /** Files that are gone from the store go from the cache once they were all listed. */
  override async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const listed = new Set<string>();
    for await (const file of super.list(type, signal)) {
      listed.add(file.name);
      yield file;
    }
    if (type !== 'index' && type !== 'snapshot' && type !== 'data') return;
    for (const { file } of await this.#files([type])) {
      if (!listed.has(file.name)) await this.#drop(file);
    }
  }

  override async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    await super.remove(file, signal);
    if (file.type !== 'config' && this.#isKept(file)) await this.#drop(file);
  }

  override async close(): Promise<void> {
    await this.#shrink();
    await super.close();
  }

  #isKept({ type, name }: StoreFile): boolean {
    if (!this.#isUsable) return false;
    return type === 'index' || type === 'snapshot' || (type === 'data' && this.#repository.holdsTrees(name));
  }

  /** Undefined when it is not in the cache, or not whole there. */
  async #cached(file: StoreFile, range: ByteRange | undefined): Promise<Buffer | undefined> {
    const path = this.#path(file);
    try {
      if (!this.#verified.has(file.name)) {
        const content = await readFile(path);
        if (createHash('sha256').update(content).digest('hex') !== file.name) {
          await this.#drop(file);
          return undefined;
        }
        this.#verified.add(file.name);
        // What was used last goes last.
        await utimes(path, new Date(), new Date());
        if (!range) return content;
      }
      return range ? await readRange(path, range) : await readFile(path);
    } catch {
      // The cache is a help: what cannot be read from it is read from the store.
      return undefined;
    }
  }

  /** A full or read-only disk makes the cache useless, and nothing else. */
  async #keep(file: StoreFile, content: Buffer): Promise<void> {
    const path = this.#path(file);
    const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(join(this.#options.folder, 'CACHEDIR.TAG'), tag, { mode: 0o600 });
      await writeFile(temporary, content, { mode: 0o600 });
      await rename(temporary, path);
      this.#verified.add(file.name);
    } catch {
      this.#isUsable = false;
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async #drop(file: StoreFile): Promise<void> {
    this.#verified.delete(file.name);
    await rm(this.#path(file), { force: true }).catch(() => {});
  }

  /** Removes what is longest unused, until the rest is within the bound. */
  async #shrink(): Promise<void> {
    const files = (await this.#files(['index', 'snapshot', 'data'])).sort((a, b) => b.usedMs - a.usedMs);
    let left = this.#options.maxBytes ?? defaultMaxBytes;
    for (const { file, bytes } of files) {
      left -= bytes;
      if (left < 0) await this.#drop(file);
    }
  }

  async #files(types: readonly ListedType[]) {
    const found: { readonly file: StoreFile; readonly bytes: number; readonly usedMs: number }[] = [];
    for (const type of types) {
      const folder = dirname(join(this.#folder, fileKey({ type, name: 'x'.repeat(64) })));
      const top = type === 'data' ? dirname(folder) : folder;
      for (const path of await readdir(top, { recursive: true }).catch(() => [])) {
        const name = path.split('/').at(-1) ?? '';
        const status = isFileName(name) ? await stat(join(top, path)).catch(() => undefined) : undefined;
        if (status) found.push({ file: { type, name }, bytes: status.size, usedMs: status.mtimeMs });
      }
    }
    return found;
  }

  #path(file: StoreFile): string {
    return join(this.#folder, fileKey(file));
  }
}

/** Undefined when the file ends before the range does. */
async function readRange(path: string, { offset, length }: ByteRange): Promise<Buffer | undefined> {
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) return undefined;
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
