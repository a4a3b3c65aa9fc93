import { buffer } from 'node:stream/consumers';
import {
  AnonymousCredential,
  BlobServiceClient,
  type ContainerClient,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { Failure } from '../../contracts/failures.ts';
import type { Secret } from '../../secrets/secret.ts';
import { fileKey, isFileName, typeFolder } from '../layout.ts';
import type { ByteRange, FileType, Store, StoredFile, StoreFile } from '../store.ts';
import { azureFailure, azureStatus } from './failures.ts';
import type { AzureLocation } from './location.ts';

/** How we prove who we are. */
export type AzureCredentials =
  | { readonly kind: 'connection-string'; readonly connectionString: Secret }
  | { readonly kind: 'account-key'; readonly account: string; readonly key: Secret }
  | { readonly kind: 'sas'; readonly account: string; readonly sas: Secret };

export interface AzureStoreOptions {
  readonly location: AzureLocation;
  readonly credentials: AzureCredentials;
}

/** The retry decorator around every store tries again, so that attempts do not multiply. */
const pipeline: StoragePipelineOptions = { retryOptions: { maxTries: 1, tryTimeoutInMs: 120_000 } };

/** A repository in a container of Azure Blob Storage. Blobs are put whole, by one request. */
export function openAzureStore({ location, credentials }: AzureStoreOptions): Store {
  return new AzureStore(location, serviceClient(credentials).getContainerClient(location.container));
}

function serviceClient(credentials: AzureCredentials): BlobServiceClient {
  switch (credentials.kind) {
    case 'connection-string':
      return fromConnectionString(credentials.connectionString);
    case 'account-key': {
      const key = new StorageSharedKeyCredential(credentials.account, credentials.key.reveal());
      return new BlobServiceClient(accountUrl(credentials.account), key, pipeline);
    }
    case 'sas': {
      const sas = credentials.sas.reveal().replace(/^\?/, '');
      return new BlobServiceClient(
        `${accountUrl(credentials.account)}?${sas}`,
        new AnonymousCredential(),
        pipeline,
      );
    }
  }
}

function fromConnectionString(connectionString: Secret): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(connectionString.reveal(), pipeline);
  } catch {
    // The SDK's own message may repeat the string.
    throw new Failure(
      'InvalidConfiguration',
      'The connection string of the Azure storage account is malformed',
      {
        advice: 'Copy it anew from the page "Access keys" of the storage account.',
      },
    );
  }
}

function accountUrl(account: string): string {
  return `https://${account}.blob.core.windows.net`;
}

class AzureStore implements Store {
  readonly location: string;
  readonly #container: ContainerClient;
  readonly #prefix: string;

  constructor({ container, prefix }: AzureLocation, client: ContainerClient) {
    this.location = `azure:${container}:/${prefix}`;
    this.#container = client;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** Prefixes need no making; a listing shows whether the container is there and open to us. */
  async create(signal?: AbortSignal): Promise<void> {
    await this.#request('list blobs', signal, async (options) => {
      await this.#container
        .listBlobsFlat({ prefix: this.#prefix, ...options })
        .byPage({ maxPageSize: 1 })
        .next();
    });
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const body = Buffer.concat(parts);
    return this.#request('create blobs', signal, async (options) => {
      try {
        const conditions = { ifNoneMatch: '*' };
        await this.#blob(file).upload(body, body.length, { conditions, ...options });
        return 'stored';
      } catch (error) {
        // 409 BlobAlreadyExists for a plain upload, 412 where another condition was looked at first.
        if (azureStatus(error) === 412 || isExisting(error)) return 'exists';
        throw error;
      }
    });
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (range?.length === 0) return Buffer.alloc(0);
    const content = await this.#request('read blobs', signal, async (options) => {
      try {
        const answer = await this.#blob(file).download(range?.offset, range?.length, {
          maxRetryRequests: 0,
          ...options,
        });
        return answer.readableStreamBody === undefined
          ? Buffer.alloc(0)
          : await buffer(answer.readableStreamBody);
      } catch (error) {
        // The blob is there, and shorter than the start of the range.
        if (azureStatus(error) === 416) return Buffer.alloc(0);
        if (azureStatus(error) === 404 && !isContainerMissing(error)) return undefined;
        throw error;
      }
    });
    if (content !== undefined && range !== undefined && content.length !== range.length) {
      const end = range.offset + range.length;
      throw new Failure('RepositoryDamaged', `${fileKey(file)} in ${this.location} ends before byte ${end}`);
    }
    return content;
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return this.#request('read blobs', signal, async (options) => {
      try {
        return (await this.#blob(file).getProperties(options)).contentLength;
      } catch (error) {
        if (azureStatus(error) === 404 && !isContainerMissing(error)) return undefined;
        throw error;
      }
    });
  }

  async *list(type: Exclude<FileType, 'config'>, signal?: AbortSignal): AsyncIterable<StoredFile> {
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
    await this.#request('delete blobs', signal, (options) => this.#blob(file).deleteIfExists(options));
  }

  /** Nothing to do: a blob is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {}

  #blob(file: StoreFile) {
    return this.#container.getBlockBlobClient(`${this.#prefix}${fileKey(file)}`);
  }

  async #request<T>(
    right: string,
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await send(abort(signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw azureFailure(error, right, this.location);
    }
  }
}

function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function isExisting(error: unknown): boolean {
  return (
    azureStatus(error) === 409 &&
    error instanceof Error &&
    'code' in error &&
    error.code === 'BlobAlreadyExists'
  );
}

function isContainerMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ContainerNotFound';
}
