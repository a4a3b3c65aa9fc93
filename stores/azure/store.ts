import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { fileKey, isFileName, typeFolder } from '../layout.ts';
import { watchedAgents } from '../network/agents.ts';
import { Bandwidth } from '../network/limits.ts';
import { exactRange } from '../ranges.ts';
import type { StoreSettings } from '../settings.ts';
import type { ByteRange, ListedType, Store, StoredFile, StoreFile } from '../store.ts';
import { StoreFailure } from '../trouble.ts';
import { azureClient } from './client.ts';
import { azureCode, azureFailure, azureStatus } from './failures.ts';
import type { AzureLocation } from './location.ts';

/**
 * Opens a container of Azure Blob Storage as a store. Nothing is read yet. Blobs are put whole, by one request
 * (5,000 MiB at most), so that nothing unfinished is ever left behind.
 * @throws {Failure} InvalidConfiguration, SecretUnavailable
 */
export async function openAzureStore(location: AzureLocation, settings: StoreSettings): Promise<Store> {
  const { bandwidth = new Bandwidth(), caFile, times } = settings;
  const agents = await watchedAgents({ bandwidth, caFile, times });
  const client = await azureClient(settings, agents);
  return new AzureStore(location, client.getContainerClient(location.container), () => agents.destroy());
}

class AzureStore implements Store {
  readonly location: string;
  readonly #place: string;
  readonly #container: ContainerClient;
  readonly #prefix: string;
  readonly #destroyAgents: () => void;

  constructor({ container, prefix }: AzureLocation, client: ContainerClient, destroyAgents: () => void) {
    this.location = `azure:${container}:/${prefix}`;
    this.#place = `container ${container} of ${new URL(client.url).host}`;
    this.#container = client;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#destroyAgents = destroyAgents;
  }

  /** Prefixes need no making; a listing shows whether the container is there and open to us. */
  async create(signal?: AbortSignal): Promise<void> {
    await this.#request('list blobs', signal, async (options) => {
      const blobs = this.#container.listBlobsFlat({ prefix: this.#prefix, ...options });
      await blobs.byPage({ maxPageSize: 1 }).next();
    });
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const body = Buffer.concat(parts);
    const options = {
      conditions: { ifNoneMatch: '*' },
      // The service compares it with what arrived.
      blobHTTPHeaders: { blobContentMD5: createHash('md5').update(body).digest() },
    };
    return await this.#request('create blobs', signal, async (aborting) => {
      try {
        await this.#blob(file).upload(body, body.length, { ...options, ...aborting });
        return 'stored';
      } catch (error) {
        // 409 BlobAlreadyExists for a plain upload, 412 where another condition was looked at first.
        const isThere = azureStatus(error) === 409 && azureCode(error) === 'BlobAlreadyExists';
        if (azureStatus(error) === 412 || isThere) return 'exists';
        throw error;
      }
    });
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (range?.length === 0) return Buffer.alloc(0);
    const content = await this.#request('read blobs', signal, async (options) => {
      try {
        const once = { maxRetryRequests: 0, ...options };
        const answer = await this.#blob(file).download(range?.offset, range?.length, once);
        const stream = answer.readableStreamBody;
        const bytes = stream === undefined ? Buffer.alloc(0) : await buffer(stream);
        this.#assertComplete(bytes.length, answer.contentLength);
        return bytes;
      } catch (error) {
        // The blob is there, and shorter than the start of the range.
        if (azureStatus(error) === 416) return Buffer.alloc(0);
        if (isMissingBlob(error)) return undefined;
        throw error;
      }
    });
    if (content === undefined || range === undefined) return content;
    return exactRange(content, range, `${fileKey(file)} in ${this.location}`);
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return await this.#request('read blobs', signal, async (options) => {
      try {
        return (await this.#blob(file).getProperties(options)).contentLength;
      } catch (error) {
        if (isMissingBlob(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const prefix = `${this.#prefix}${typeFolder(type)}/`;
    const blobs = this.#container.listBlobsFlat({ prefix, ...abort(signal) });
    for (;;) {
      const next = await this.#request('list blobs', signal, () => blobs.next());
      if (next.done) return;
      const name = next.value.name.slice(next.value.name.lastIndexOf('/') + 1);
      if (isFileName(name)) yield { name, sizeBytes: next.value.properties.contentLength ?? 0 };
    }
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    await this.#request('delete blobs', signal, async (options) => {
      try {
        await this.#blob(file).delete(options);
      } catch (error) {
        if (!isMissingBlob(error)) throw error;
      }
    });
  }

  /** Nothing to do: a blob is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    this.#destroyAgents();
  }

  #blob(file: StoreFile): BlockBlobClient {
    return this.#container.getBlockBlobClient(`${this.#prefix}${fileKey(file)}`);
  }

  #assertComplete(length: number, announced: number | undefined): void {
    if (announced === undefined || announced === length) return;
    const code = `${length} of ${announced} bytes`;
    throw new StoreFailure('interrupted', { action: 'The request to read blobs', place: this.#place, code });
  }

  async #request<T>(
    action: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await send(abort(signal));
    } catch (error) {
      throw azureFailure(error, { action, place: this.#place, signal });
    }
  }
}

function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function isMissingBlob(error: unknown): boolean {
  return azureStatus(error) === 404 && azureCode(error) !== 'ContainerNotFound';
}
