import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Failure } from '../../contracts/failures.ts';
import { fileKey, isFileName, typeFolder } from '../layout.ts';
import type { ByteRange, FileType, Store, StoredFile, StoreFile } from '../store.ts';
import { httpStatus, s3Failure } from './failures.ts';
import type { S3Location } from './location.ts';

export interface S3StoreOptions {
  readonly location: S3Location;
  readonly region: string;
  /** Left out for the chain of environment, profile, container and instance role, refreshed by itself. */
  readonly credentials?: S3Credentials;
  /** Requests under way at once. */
  readonly connections?: number;
}

/** Resolved anew when the SDK asks, so that rotated credentials are taken up. */
export type S3Credentials = () => Promise<{
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}>;

const connectTimeoutMs = 10_000;
/** A connection without a single byte for this long is given up. */
const idleTimeoutMs = 60_000;
const defaultConnections = 16;

/** A repository in a bucket. Objects are put whole, since a pack is far below the limit of one request (5 GiB). */
export function openS3Store(options: S3StoreOptions): Store {
  return new S3Store(options);
}

class S3Store implements Store {
  readonly location: string;
  readonly #client: S3Client;
  readonly #place: S3Location;

  constructor({ location, region, credentials, connections = defaultConnections }: S3StoreOptions) {
    this.#place = location;
    this.location = `s3:${location.endpoint}/${[location.bucket, location.prefix].filter(Boolean).join('/')}`;
    this.#client = new S3Client({
      endpoint: location.endpoint,
      region,
      // Works everywhere; virtual hosts would need a wildcard certificate at services other than AWS.
      forcePathStyle: !location.endpoint.endsWith('.amazonaws.com'),
      followRegionRedirects: true,
      // The retry decorator around every store does it, so that attempts do not multiply.
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: connectTimeoutMs,
        requestTimeout: idleTimeoutMs,
        socketTimeout: idleTimeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: { maxSockets: connections, keepAlive: true },
        httpsAgent: { maxSockets: connections, keepAlive: true },
      },
      ...(credentials === undefined ? {} : { credentials }),
    });
  }

  /** Prefixes need no making; a listing tells a missing bucket and wrong credentials apart, which HEAD does not. */
  async create(signal?: AbortSignal): Promise<void> {
    const command = new ListObjectsV2Command({ Bucket: this.#place.bucket, MaxKeys: 1 });
    try {
      await this.#client.send(command, abort(signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Failure(error, 's3:ListBucket', this.#place);
    }
  }

  async save(
    file: StoreFile,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<'stored' | 'exists'> {
    const body = Buffer.concat(parts);
    const command = new PutObjectCommand({
      ...this.#object(file),
      Body: body,
      ContentLength: body.length,
      IfNoneMatch: '*',
    });
    try {
      await this.#client.send(command, abort(signal));
      return 'stored';
    } catch (error) {
      signal?.throwIfAborted();
      if (httpStatus(error) === 412) return 'exists';
      throw s3Failure(error, 's3:PutObject', this.#place);
    }
  }

  async load(file: StoreFile, range?: ByteRange, signal?: AbortSignal): Promise<Buffer | undefined> {
    if (range?.length === 0) return Buffer.alloc(0);
    const bytes = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const command = new GetObjectCommand({
      ...this.#object(file),
      ...(bytes === undefined ? {} : { Range: bytes }),
    });
    const content = await this.#read(command, signal);
    if (content !== undefined && range !== undefined && content.length !== range.length) {
      throw new Failure(
        'RepositoryDamaged',
        `${this.#key(file)} in ${this.location} ends before byte ${range.offset + range.length}`,
      );
    }
    return content;
  }

  async size(file: StoreFile, signal?: AbortSignal): Promise<number | undefined> {
    try {
      return (await this.#client.send(new HeadObjectCommand(this.#object(file)), abort(signal)))
        .ContentLength;
    } catch (error) {
      signal?.throwIfAborted();
      if (httpStatus(error) === 404) return undefined;
      throw s3Failure(error, 's3:GetObject', this.#place);
    }
  }

  async *list(type: Exclude<FileType, 'config'>, signal?: AbortSignal): AsyncIterable<StoredFile> {
    const request = { Bucket: this.#place.bucket, Prefix: this.#prefixed(`${typeFolder(type)}/`) };
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, request, abort(signal))) {
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          const name = Key.slice(Key.lastIndexOf('/') + 1);
          if (isFileName(name)) yield { name, sizeBytes: Size };
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Failure(error, 's3:ListBucket', this.#place);
    }
  }

  async remove(file: StoreFile, signal?: AbortSignal): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#object(file)), abort(signal));
    } catch (error) {
      signal?.throwIfAborted();
      throw s3Failure(error, 's3:DeleteObject', this.#place);
    }
  }

  /** Nothing to do: an object is put by one request, which leaves nothing when it fails. */
  async sweep(): Promise<void> {}

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #read(command: GetObjectCommand, signal?: AbortSignal): Promise<Buffer | undefined> {
    try {
      const answer = await this.#client.send(command, abort(signal));
      return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    } catch (error) {
      signal?.throwIfAborted();
      if (httpStatus(error) === 404) return undefined;
      // The service has the object, and it is shorter than the start of the range.
      if (httpStatus(error) === 416) return Buffer.alloc(0);
      throw s3Failure(error, 's3:GetObject', this.#place);
    }
  }

  #object(file: StoreFile): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#key(file) };
  }

  #key(file: StoreFile): string {
    return this.#prefixed(fileKey(file));
  }

  #prefixed(key: string): string {
    return this.#place.prefix === '' ? key : `${this.#place.prefix}/${key}`;
  }
}

function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}
