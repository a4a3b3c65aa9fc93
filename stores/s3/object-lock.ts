import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { httpStatus, s3Failure } from './failures.ts';
import { placeOf, type S3Location } from './location.ts';

/** `governance` can be lifted by who has the right to; `compliance` by nobody, not even the owner of the account. */
export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface ObjectLocks {
  readonly client: S3Client;
  readonly location: S3Location;
  readonly mode: LockMode;
}

export interface RenewedLocks {
  /** Objects whose lock lasts until the given time now. */
  readonly objects: number;
}

/** Folders and files whose objects are never changed. Locks of the repository itself come and go. */
const lockedParts = ['data/', 'index/', 'snapshots/', 'keys/', 'config'];

/** Requests on their way; one takes some 20 ms at AWS. */
const atOnce = 16;

/** Lasts for a day, so that proofs do not pile up. */
const canaryMs = 24 * 3_600_000;
const canaryName = 'resguardo-lock-canary';

/**
 * Locks every object of the repository until a time; never shortens a lock.
 * @param onObject told of each object, for progress
 * @throws {Failure} as the store; the right is s3:PutObjectRetention
 */
export async function renewLocks(
  { client, location, mode }: ObjectLocks,
  {
    until,
    signal,
    onObject,
  }: { readonly until: Date; readonly signal: AbortSignal; readonly onObject: () => void },
): Promise<RenewedLocks> {
  let objects = 0;
  const underWay = new Set<Promise<void>>();
  for await (const key of objectKeys({ client, location }, signal)) {
    if (underWay.size >= atOnce) await Promise.race(underWay);
    const renewing = request({ location, action: 's3:PutObjectRetention', signal }, () =>
      client.send(
        new PutObjectRetentionCommand({
          Bucket: location.bucket,
          Key: key,
          Retention: { Mode: mode, RetainUntilDate: until },
        }),
        { abortSignal: signal },
      ),
    ).then(() => {
      objects += 1;
      onObject();
    });
    underWay.add(renewing);
    renewing.finally(() => underWay.delete(renewing)).catch(() => {});
  }
  await Promise.all(underWay);
  return { objects };
}

/**
 * Proves that the service keeps its word: writes a locked object, and tries to remove it.
 * @returns `refused` when the service did not let us, `deleted` when a lock is worth nothing here
 */
export async function proveLock(
  { client, location, mode }: ObjectLocks,
  now: Date,
  signal: AbortSignal,
): Promise<'refused' | 'deleted'> {
  const Bucket = location.bucket;
  const Key = prefixed(location, canaryName);
  const options = { abortSignal: signal };
  await removeOldCanaries({ client, location, mode }, signal);
  const body = Buffer.from(now.toISOString());
  const { VersionId } = await request({ location, action: 's3:PutObject', signal }, () =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: body,
        ContentMD5: createHash('md5').update(body).digest('base64'),
        ObjectLockMode: mode,
        ObjectLockRetainUntilDate: new Date(now.getTime() + canaryMs),
      }),
      options,
    ),
  );
  try {
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }), options);
    return 'deleted';
  } catch (error) {
    // AWS answers 403, MinIO 400; both refuse.
    if (isLockRefusal(error)) return 'refused';
    throw s3Failure(error, { action: 's3:DeleteObjectVersion', place: placeOf(location), signal });
  }
}

/** Whether a service has refused to remove an object because it is locked. */
function isLockRefusal(error: unknown): boolean {
  return [400, 403].includes(httpStatus(error) ?? 0);
}

/** Those whose day is over; a refusal means that it is not. */
async function removeOldCanaries({ client, location }: ObjectLocks, signal: AbortSignal): Promise<void> {
  const Bucket = location.bucket;
  const Prefix = prefixed(location, canaryName);
  const { Versions = [] } = await request({ location, action: 's3:ListBucketVersions', signal }, () =>
    client.send(new ListObjectVersionsCommand({ Bucket, Prefix }), { abortSignal: signal }),
  );
  for (const { Key, VersionId } of Versions) {
    await client
      .send(new DeleteObjectCommand({ Bucket, Key, VersionId }), { abortSignal: signal })
      .catch(() => signal.throwIfAborted());
  }
}

async function* objectKeys(
  { client, location }: Pick<ObjectLocks, 'client' | 'location'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const part of lockedParts) {
    const pages = paginateListObjectsV2(
      { client },
      { Bucket: location.bucket, Prefix: prefixed(location, part) },
      { abortSignal: signal },
    )[Symbol.asyncIterator]();
    for (;;) {
      const page = await request({ location, action: 's3:ListBucket', signal }, () => pages.next());
      if (page.done) break;
      for (const { Key } of page.value.Contents ?? []) if (Key !== undefined) yield Key;
    }
  }
}

async function request<T>(
  {
    location,
    action,
    signal,
  }: { readonly location: S3Location; readonly action: string; readonly signal: AbortSignal },
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw s3Failure(error, { action, place: placeOf(location), signal });
  }
}

function prefixed({ prefix }: S3Location, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}
