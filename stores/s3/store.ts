import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type PutObjectCommand,
  RestoreObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isFrozenClass } from '../../contracts/storage-classes.ts';
import { fileKey, typeFolder } from '../layout.ts';
import { watchedAgents } from '../network/agents.ts';
import { Bandwidth } from '../network/limits.ts';
import { type Abortable, abortable, sendBySdk } from '../network/sdk-request.ts';
import { exactRange, rangeHeader } from '../ranges.ts';
import type { S3Settings, StoreSettings } from '../settings.ts';
import type { ByteRange, HiddenFiles, ListedType, Store, StoredFile, StoreFile, ThawWish } from '../store.ts';
import { StoreFailure } from '../trouble.ts';
import { lacksStatus, restoreRequest, storedFile } from './archive.ts';
import { BodyChecks } from './body-checks.ts';
import { s3Client } from './client.ts';
import { httpStatus, isMissingObject, s3Failure } from './failures.ts';
import { findHidden } from './hidden.ts';
import { keptAs } from './kept.ts';
import { placeOf, type S3Location } from './location.ts';
import { sizeOfObject } from './object-size.ts';
import { type Credentials, haveCredentialsChanged } from './renewed-credentials.ts';

/**
 * Opens a bucket as a store. Nothing is read yet. Objects are put whole, since a pack is far below the limit of
 * one request (5 GiB), so that nothing unfinished is ever left behind.
 * @throws {Failure} InvalidConfiguration
 */
export async function openS3Store(location: S3Location, settings: StoreSettings): Promise<Store> {
  const { bandwidth = new Bandwidth(), caFile, times } = settings;
  const agents = await watchedAgents({ bandwidth, caFile, times });
  const { storageClass, objectLock } = settings.s3 ?? {};
  return new S3Store(location, {
    client: s3Client(location, settings, agents),
    destroyAgents: () => agents.destroy(),
    storageClass,
    objectLock,
  });
}

interface S3StoreOptions extends Pick<S3Settings, 'storageClass' | 'objectLock'> {
  readonly client: S3Client;
  readonly destroyAgents: () => void;
}

class S3Store implements Store {
  readonly location: string;
  readonly freezesData: boolean;
  readonly #place: string;
  readonly #client: S3Client;
  readonly #at: S3Location;
  readonly #options: S3StoreOptions;
  /** Until the service says that it does not know the condition. */
  #knowsIfNoneMatch = true;
  readonly #checks: BodyChecks;
  /** Listings tell what is thawed only when they are asked, which not every service understands. */
  #asksWhatIsThawed = false;

  constructor(at: S3Location, options: S3StoreOptions) {
    const service = at.endpoint ?? 's3.amazonaws.com';
    this.#at = at;
    this.#place = placeOf(at);
    this.location = `s3:${service}/${[at.bucket, at.prefix].filter(Boolean).join('/')}`;
    this.freezesData = isFrozenClass(options.storageClass);
    this.#client = options.client;
    this.#checks = new BodyChecks(options.client, { isLocked: options.objectLock !== undefined });
    this.#options = options;
  }

  /** Prefixes need no making; a listing tells a missing bucket and wrong credentials apart, which HEAD does not. */
  async create(signal?: AbortSignal): Promise<void> {
    const command = new ListObjectsV2Command({
      Bucket: this.#at.bucket,
      Prefix: this.#prefixed(''),
      MaxKeys: 1,
    });
    await this.#request('s3:ListBucket', signal, (options) => this.#client.send(command, options));
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const [first = Buffer.alloc(0), ...others] = parts;
    const body = others.length === 0 ? first : Buffer.concat(parts);
    return await this.#request('s3:PutObject', signal, async (options) => {
      if (!this.#knowsIfNoneMatch) return await this.#putUnlessThere(file, body, signal);
      try {
        await this.#client.send(this.#put(file, body, { IfNoneMatch: '*' }), options);
        return 'stored';
      } catch (error) {
        const status = httpStatus(error);
        if (status === 412) return 'exists';
        // Another writer was at it: AWS says neither whether that one succeeds nor what the object is then.
        if (status === 409 && (await this.size(file, signal)) !== undefined) return 'exists';
        if (!isNotImplemented(error)) throw error;
        this.#knowsIfNoneMatch = false;
        return await this.#putUnlessThere(file, body, signal);
      }
    });
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (range?.length === 0) return Buffer.alloc(0);
    const command = new GetObjectCommand({
      ...this.#object(file),
      ...(range && { Range: rangeHeader(range) }),
    });
    const content = await this.#request('s3:GetObject', signal, async (options) => {
      try {
        const answer = await this.#client.send(command, options);
        const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
        this.#assertComplete(bytes.length, answer.ContentLength);
        return bytes;
      } catch (error) {
        if (isMissingObject(error)) return undefined;
        // The service has the object, and it is shorter than the start of the range.
        if (httpStatus(error) === 416) return Buffer.alloc(0);
        throw error;
      }
    });
    if (content === undefined || range === undefined) return content;
    return exactRange(content, range, `${this.#key(file)} in ${this.location}`);
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    return await this.#request('s3:GetObject', signal, (options) =>
      sizeOfObject(this.#client, this.#object(file), options),
    );
  }

  async *list(type: ListedType, signal?: AbortSignal): AsyncIterable<StoredFile> {
    let token: string | undefined;
    do {
      let page = await this.#page(type, token, signal);
      if (!this.#asksWhatIsThawed && lacksStatus(page.Contents ?? [])) {
        this.#asksWhatIsThawed = true;
        page = await this.#page(type, token, signal);
      }
      for (const object of page.Contents ?? []) {
        const file = storedFile(object);
        if (file !== undefined) yield file;
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async #page(
    type: ListedType,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ListObjectsV2CommandOutput> {
    const command = new ListObjectsV2Command({
      Bucket: this.#at.bucket,
      Prefix: this.#prefixed(`${typeFolder(type)}/`),
      ...(token !== undefined && { ContinuationToken: token }),
      ...(this.#asksWhatIsThawed && { OptionalObjectAttributes: ['RestoreStatus'] }),
    });
    return await this.#request('s3:ListBucket', signal, (options) => this.#client.send(command, options));
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    const command = new DeleteObjectCommand(this.#object(file));
    await this.#request('s3:DeleteObject', signal, (options) => this.#client.send(command, options));
  }

  /** 202: asked for; 200: thawed, and for so many days from now; 409: asked for before. */
  async thaw(file: StoreFile, wish: ThawWish, signal?: AbortSignal): Promise<'readable' | 'thawing'> {
    const command = new RestoreObjectCommand({
      ...this.#object(file),
      RestoreRequest: restoreRequest(wish),
    });
    return await this.#request('s3:RestoreObject', signal, async (options) => {
      try {
        const { $metadata } = await this.#client.send(command, options);
        return $metadata.httpStatusCode === 200 ? 'readable' : 'thawing';
      } catch (error) {
        if (isNamed(error, 'RestoreAlreadyInProgress')) return 'thawing';
        // Its class was changed meanwhile: S3 says that there is nothing to thaw.
        if (isNamed(error, 'InvalidObjectState')) return 'readable';
        throw error;
      }
    });
  }

  async hidden(signal?: AbortSignal): Promise<HiddenFiles | undefined> {
    const { bucket, prefix } = this.#at;
    const { objectLock } = this.#options;
    const place = { client: this.#client, bucket, prefix, lockDays: objectLock?.days ?? 0 };
    return await this.#request('s3:ListBucketVersions', signal, (options) => findHidden(place, options));
  }

  /** Nothing to do: an object is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    this.#client.destroy();
    this.#options.destroyAgents();
  }

  /** For services without conditional writes: names are hashes, so that a race writes the same bytes twice. */
  async #putUnlessThere(
    file: StoreFile,
    body: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<'stored' | 'exists'> {
    if ((await this.size(file, signal)) !== undefined) return 'exists';
    await this.#client.send(this.#put(file, body, {}), abortable(signal));
    return 'stored';
  }

  #put(file: StoreFile, body: Uint8Array, condition: { readonly IfNoneMatch?: string }): PutObjectCommand {
    const input = {
      ...this.#object(file),
      ...keptAs(file, this.#options),
      ...condition,
      Body: body,
      ContentLength: body.length,
    };
    return this.#checks.put(input, file.sha256);
  }

  #assertComplete(length: number, announced: number | undefined): void {
    if (announced === undefined || announced === length) return;
    const code = `${length} of ${announced} bytes`;
    throw new StoreFailure('interrupted', { action: 's3:GetObject', place: this.#place, code });
  }

  #object(file: StoreFile): { Bucket: string; Key: string } {
    return { Bucket: this.#at.bucket, Key: this.#key(file) };
  }

  #key(file: StoreFile): string {
    return this.#prefixed(fileKey(file));
  }

  #prefixed(key: string): string {
    return this.#at.prefix === '' ? key : `${this.#at.prefix}/${key}`;
  }

  /** Once more with the credentials that there are now, when those in use were refused. */
  async #request<T>(
    action: string,
    signal: AbortSignal | undefined,
    send: (options: Abortable) => Promise<T>,
  ): Promise<T> {
    const request = { action, place: this.#place, signal };
    let used: Credentials | undefined;
    const sendWithUsed = async (options: Abortable): Promise<T> => {
      used = await this.#client.config.credentials();
      return await send(options);
    };
    try {
      return await sendBySdk(request, { send: sendWithUsed, failure: s3Failure });
    } catch (failure) {
      if (!(await haveCredentialsChanged(this.#client, used, failure))) throw failure;
      return await sendBySdk(request, { send, failure: s3Failure });
    }
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/** What services answer that do not know `If-None-Match` on a PUT. */
function isNotImplemented(error: unknown): boolean {
  return httpStatus(error) === 501 || isNamed(error, 'NotImplemented');
}
