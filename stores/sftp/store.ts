import { randomBytes } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import { fileKey, isFileName, typeFolder } from '../layout.ts';
import { Bandwidth } from '../network/limits.ts';
import type { StoreSettings } from '../settings.ts';
import type { ByteRange, ListedType, Store, StoredFile, StoreFile } from '../store.ts';
import { StoreFailure } from '../trouble.ts';
import { connectSftp, type SftpConnection } from './connection.ts';
import { sftpFailure, sftpStatus, status } from './failures.ts';
import type { SftpLocation } from './location.ts';
import { SftpSession } from './session.ts';

const types = ['key', 'lock', 'snapshot', 'index', 'data'] as const;
const temporaryName = /\.tmp-[0-9a-f]{16}$/;

/** Folders that are listed at once. */
const foldersAtOnce = 16;

/**
 * Opens a folder of an SSH server as a store, in the layout of restic's local and sftp backends. The connection
 * is made at the first request, and again after it was lost. Files are written under a temporary name, synced,
 * and renamed, which SFTP refuses if the name is taken.
 */
export function openSftpStore(location: SftpLocation, settings: StoreSettings): Store {
  return new SftpStore(location, { ...settings, bandwidth: settings.bandwidth ?? new Bandwidth() });
}

class SftpStore implements Store {
  readonly location: string;
  readonly #at: SftpLocation;
  readonly #settings: StoreSettings & { readonly bandwidth: Bandwidth };
  #connecting: Promise<SftpConnection> | undefined;

  constructor(at: SftpLocation, settings: StoreSettings & { readonly bandwidth: Bandwidth }) {
    const user = at.user === undefined ? '' : `${at.user}@`;
    this.location =
      at.port === undefined
        ? `sftp:${user}${at.host}:${at.path}`
        : `sftp://${user}${at.host}:${at.port}/${at.path}`;
    this.#at = at;
    this.#settings = settings;
  }

  async create(signal?: AbortSignal): Promise<void> {
    await this.#request('Making folders', signal, async (session) => {
      await this.#makeWithParents(session, this.#at.path);
      for (const type of types) await makeFolder(session, `${this.#at.path}/${typeFolder(type)}`);
      const shards = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'));
      await Promise.all(shards.map((shard) => makeFolder(session, `${this.#at.path}/data/${shard}`)));
    });
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const path = this.#path(file);
    const temporary = `${path}.tmp-${randomBytes(8).toString('hex')}`;
    return await this.#request('Writing', signal, async (session) => {
      try {
        await this.#write(session, { temporary, parts, signal });
        return await publish(session, temporary, path);
      } catch (error) {
        await session.unlink(temporary).catch(() => {});
        throw await this.#fullOr(error, session, parts);
      }
    });
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    const path = this.#path(file);
    return await this.#request('Reading', signal, async (session) => {
      const handle = await undefinedIfMissing(session.open(path, 'r'));
      if (handle === undefined) return undefined;
      try {
        const { offset, length } = range ?? { offset: 0, length: (await session.fstat(handle)).size };
        const bytes = Buffer.allocUnsafeSlow(length);
        const got = await session.read(handle, { bytes, position: offset }, signal);
        if (got === length) return bytes;
        throw new Failure(
          'RepositoryDamaged',
          `${path} on ${this.#at.host} ends before byte ${offset + length}.`,
        );
      } finally {
        // Nobody needs to wait for the answer.
        session.close(handle).catch(() => {});
      }
    });
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return await this.#request('Reading', signal, async (session) => {
      return (await undefinedIfMissing(session.stat(this.#path(file))))?.size;
    });
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    for await (const { name, sizeBytes } of this.#entries(type, signal)) {
      if (isFileName(name)) yield { name, sizeBytes };
    }
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    await this.#request('Removing', signal, (session) =>
      undefinedIfMissing(session.unlink(this.#path(file))),
    );
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
    const before = (Date.now() - olderThanMs) / 1000;
    for (const type of types) {
      for await (const { name, folder, modified } of this.#entries(type, signal)) {
        if (!temporaryName.test(name) || modified > before) continue;
        await this.#request('Removing', signal, (session) =>
          undefinedIfMissing(session.unlink(`${folder}/${name}`)),
        );
      }
    }
  }

  async close(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    (await connecting?.catch(() => undefined))?.close();
  }

  async #write(
    session: SftpSession,
    {
      temporary,
      parts,
      signal,
    }: {
      readonly temporary: string;
      readonly parts: readonly Uint8Array[];
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<void> {
    const handle = await openNew(session, temporary);
    try {
      await session.write(handle, parts, signal);
      await session.fsync(handle);
    } finally {
      await session.close(handle);
    }
    signal?.throwIfAborted();
  }

  /** The server says "failure" for a full disk, too. */
  async #fullOr(error: unknown, session: SftpSession, parts: readonly Uint8Array[]): Promise<unknown> {
    if (sftpStatus(error) !== status.failure) return error;
    const free = await session.freeBytes(this.#at.path);
    const needed = parts.reduce((sum, part) => sum + part.length, 0);
    if (free === undefined || free > needed) return error;
    const code = `${free} bytes are free`;
    return new StoreFailure('full', { action: 'Writing', place: this.location, code, cause: error });
  }

  async *#entries(type: ListedType, signal: AbortSignal | undefined) {
    const folder = `${this.#at.path}/${typeFolder(type)}`;
    if (type !== 'data') {
      yield* await this.#readFolder(folder, signal);
      return;
    }
    const shards = (await this.#readFolder(folder, signal)).filter(({ name }) => /^[0-9a-f]{2}$/.test(name));
    for (let start = 0; start < shards.length; start += foldersAtOnce) {
      const some = shards.slice(start, start + foldersAtOnce);
      const read = some.map(({ name }) => this.#readFolder(`${folder}/${name}`, signal));
      for (const entries of await Promise.all(read)) yield* entries;
    }
  }

  async #readFolder(folder: string, signal: AbortSignal | undefined) {
    return await this.#request('Listing', signal, async (session) => {
      const entries = (await undefinedIfMissing(session.readdir(folder))) ?? [];
      // A folder that has gone, as an unmounted disk has, must not look like an empty repository.
      if (entries.length === 0) await this.#assertPresent(session);
      return entries.map(({ filename, attrs }) => ({
        name: filename,
        folder,
        sizeBytes: attrs.size,
        modified: attrs.mtime,
      }));
    });
  }

  async #assertPresent(session: SftpSession): Promise<void> {
    if ((await undefinedIfMissing(session.stat(this.#at.path))) !== undefined) return;
    throw new Failure('StoreUnavailable', `The folder ${this.#at.path} is not there on ${this.#at.host}.`, {
      advice: 'Mount the disk that holds the repository there, or correct its path.',
    });
  }

  async #makeWithParents(session: SftpSession, path: string): Promise<void> {
    if ((await undefinedIfMissing(session.stat(path))) !== undefined) return;
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '') await this.#makeWithParents(session, parent);
    await makeFolder(session, path);
  }

  #path(file: StoreFile): string {
    return `${this.#at.path}/${fileKey(file)}`;
  }

  async #request<T>(
    action: string,
    signal: AbortSignal | undefined,
    send: (session: SftpSession) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const failureOf = (error: unknown) => sftpFailure(error, { action, place: this.location, signal });
    try {
      const { sftp, ended } = await this.#connection();
      return await unlessAborted(Promise.race([send(new SftpSession(sftp)), ended]), signal);
    } catch (error) {
      throw error instanceof Failure ? (signal?.aborted ? signal.reason : error) : failureOf(error);
    }
  }

  /** One connection for all requests, which SSH interleaves. */
  async #connection(): Promise<SftpConnection> {
    const before = this.#connecting;
    const current = await before?.catch(() => undefined);
    if (current?.isOpen()) return current;
    // Whoever comes first after a loss connects; the others wait for that.
    if (this.#connecting === before) {
      this.#connecting = connectSftp(this.#at, this.#settings, AbortSignal.timeout(attemptMs));
    }
    if (this.#connecting === undefined) throw new Failure('Cancelled', 'The store is closed.');
    return await this.#connecting;
  }
}

/** For finding the host, connecting and logging in. */
const attemptMs = 30_000;

/** A request that is under way cannot be called back; its caller need not wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    work.catch(() => {});
  }
}

async function publish(session: SftpSession, temporary: string, path: string): Promise<'stored' | 'exists'> {
  try {
    await session.rename(temporary, path);
    return 'stored';
  } catch (error) {
    if ((await undefinedIfMissing(session.stat(path))) === undefined) throw error;
    await session.unlink(temporary);
    return 'exists';
  }
}

/** Makes the folder of the file too when it is missing, as a shard may be in a copied repository. */
async function openNew(session: SftpSession, path: string): Promise<Buffer> {
  const handle = await undefinedIfMissing(session.open(path, 'wx'));
  if (handle !== undefined) return handle;
  await makeFolder(session, path.slice(0, path.lastIndexOf('/')));
  return await session.open(path, 'wx');
}

async function makeFolder(session: SftpSession, path: string): Promise<void> {
  try {
    await session.mkdir(path);
  } catch (error) {
    if (!(await undefinedIfMissing(session.stat(path)))?.isDirectory()) throw error;
  }
}

async function undefinedIfMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (sftpStatus(error) === status.noSuchFile) return undefined;
    throw error;
  }
}
