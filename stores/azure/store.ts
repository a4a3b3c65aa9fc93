import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { BlobItem, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { type AzureAccessTier, isFrozenClass } from '../../contracts/storage-classes.ts';
import { fileKey, isFileName, typeFolder } from '../layout.ts';
import { watchedAgents } from '../network/agents.ts';
import { Bandwidth } from '../network/limits.ts';
import { type Abortable, abortable, sendBySdk } from '../network/sdk-request.ts';
import { exactRange } from '../ranges.ts';
import type { AzureSettings, StoreSettings } from '../settings.ts';
import { isForClass } from '../storage-class.ts';
import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile, ThawWish } from '../store.ts';
import { isLocked, removalFailure, StoreFailure } from '../trouble.ts';
import { sizeOfBlob } from './blob-size.ts';
import { azureClient } from './client.ts';
import { azureCode, azureFailure, azureStatus, isMissingBlob } from './failures.ts';
import { findHidden } from './hidden.ts';
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
  return new AzureStore(location, {
    client: client.getContainerClient(location.container),
    destroyAgents: () => agents.destroy(),
    accessTier: settings.azure?.accessTier,
  });
}

interface AzureStoreOptions extends Pick<AzureSettings, 'accessTier'> {
  readonly client: ContainerClient;
  readonly destroyAgents: () => void;
}

class AzureStore implements Store {
  readonly location: string;
  readonly freezesData: boolean;
  readonly #place: string;
  readonly #container: ContainerClient;
  readonly #prefix: string;
  readonly #options: AzureStoreOptions;

  constructor({ container, prefix }: AzureLocation, options: AzureStoreOptions) {
    const { client } = options;
    this.location = `azure:${container}:/${prefix}`;
    this.#place = `container ${container} of ${new URL(client.url).host}`;
    this.freezesData = isFrozenClass(options.accessTier);
    this.#container = client;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#options = options;
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
      ...this.#kept(file),
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
    return await this.#request('read blobs', signal, (options) => sizeOfBlob(this.#blob(file), options));
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const prefix = `${this.#prefix}${typeFolder(type)}/`;
    const blobs = this.#container.listBlobsFlat({ prefix, ...abortable(signal) });
    for (;;) {
      const next = await this.#request('list blobs', signal, () => blobs.next());
      if (next.done) return;
      const file = storedFile(next.value);
      if (file !== undefined) yield file;
    }
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    try {
      await this.#request('delete blobs', signal, async (options) => {
        try {
          await this.#blob(file).delete(options);
        } catch (error) {
          if (!isMissingBlob(error)) throw error;
        }
      });
    } catch (error) {
      throw removalFailure(error, isLocked(error) ? await this.#lockedUntil(file, signal) : undefined);
    }
  }

  /** Undefined under a legal hold, and under the policy of a container, whose time the Blob service does not tell. */
  async #lockedUntil(file: StoreFile, signal: AbortSignal | undefined): Promise<Date | undefined> {
    return await this.#request('read blobs', signal, async (options) => {
      const { legalHold, immutabilityPolicyExpiresOn } = await this.#blob(file).getProperties(options);
      return legalHold === true ? undefined : immutabilityPolicyExpiresOn;
    });
  }

  /** It comes back to a tier for rare access, for good: nothing freezes it again after some days. */
  async thaw(file: StoreFile, { speed }: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    return await this.#request('change the tier of blobs', signal, async (options) => {
      const blob = this.#blob(file);
      const { accessTier, archiveStatus } = await blob.getProperties(options);
      if (accessTier !== 'Archive') return 'readable';
      if (archiveStatus !== undefined) return 'thawing';
      const rehydratePriority = speed === 'expedited' ? 'High' : 'Standard';
      await blob.setAccessTier('Cool', { rehydratePriority, ...options });
      return 'thawing';
    });
  }

  async hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    return await this.#request('list blobs', signal, (options) => {
      const all = { prefix: this.#prefix, includeDeleted: true, includeVersions: true };
      return findHidden(this.#container.listBlobsFlat({ ...all, ...options }));
    });
  }

  /** Nothing to do: a blob is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    this.#options.destroyAgents();
  }

  #blob(file: StoreFile): BlockBlobClient {
    return this.#container.getBlockBlobClient(`${this.#prefix}${fileKey(file)}`);
  }

  #kept(file: StoreFile): { readonly tier?: AzureAccessTier } {
    const { accessTier } = this.#options;
    if (accessTier === undefined || !isForClass(file, this.freezesData)) return {};
    return { tier: accessTier };
  }

  #assertComplete(length: number, announced: number | undefined): void {
    if (announced === undefined || announced === length) return;
    const code = `${length} of ${announced} bytes`;
    throw new StoreFailure('interrupted', { action: 'The request to read blobs', place: this.#place, code });
  }

  async #request<T>(
    action: string,
    signal: AbortSignal | undefined,
    send: (options: Abortable) => Promise<T>,
  ): Promise<T> {
    return await sendBySdk({ action, place: this.#place, signal }, { send, failure: azureFailure });
  }
}

function storedFile({ name: key, properties }: BlobItem): StoredFile | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  if (!isFileName(name)) return undefined;
  const { contentLength = 0, accessTier, archiveStatus, lastModified } = properties;
  return {
    name,
    sizeBytes: contentLength,
    ...(accessTier !== undefined && { storageClass: accessTier }),
    writtenAt: properties.createdOn ?? lastModified,
    ...(accessTier === 'Archive' && { reach: archiveStatus === undefined ? 'frozen' : 'thawing' }),
  };
}
