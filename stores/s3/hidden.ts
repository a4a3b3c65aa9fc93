import {
  type DeleteMarkerEntry,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HiddenSum } from '../hidden-sum.ts';
import type { Abortable } from '../network/sdk-request.ts';
import type { HiddenFiles } from '../store.ts';
import { hiddenDays } from './bucket/lifecycle.ts';
import { httpStatus } from './failures.ts';

const dayMs = 86_400_000;

export interface HiddenPlace {
  readonly client: S3Client;
  readonly bucket: string;
  /** Key prefix of the repository, without slashes at its ends. */
  readonly prefix: string;
  /** How long objects are locked from their last renewal on; 0 when they are not. */
  readonly lockDays: number;
}

/**
 * What was removed in a bucket with versions and still takes space: a delete hides an object, and the bucket's own rule
 * removes the version when its days, and its lock, are over. Undefined for a bucket without versions, and without the
 * rights to look (s3:GetBucketVersioning, s3:ListBucketVersions, s3:GetLifecycleConfiguration): nothing fails for it.
 * @throws what the client throws
 */
export async function findHidden(place: HiddenPlace, options: Abortable): Promise<HiddenFiles | undefined> {
  try {
    return await countHidden(place, options);
  } catch (error) {
    if ([403, 501].includes(httpStatus(error) ?? 0)) return undefined;
    throw error;
  }
}

async function countHidden(
  { client, bucket: Bucket, prefix, lockDays }: HiddenPlace,
  options: Abortable,
): Promise<HiddenFiles | undefined> {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), options);
  if (Status === undefined) return undefined;
  const days = await daysOfRule({ client, bucket: Bucket, prefix, lockDays }, options);
  const Prefix = prefix === '' ? '' : `${prefix}/`;
  const sum = new HiddenSum();
  const keptMs = days === undefined ? Number.POSITIVE_INFINITY : Math.max(days, lockDays) * dayMs;
  let next: { KeyMarker?: string; VersionIdMarker?: string } = {};
  // When what lies above a version of the same key was written: from then on it is hidden. The newest comes first.
  let above: { readonly key: string; readonly writtenMs: number } | undefined;
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...next }), options);
    for (const version of inOrder(page.Versions ?? [], page.DeleteMarkers ?? [])) {
      const { Key: key = '', LastModified, Size, isMarker } = version;
      const isHidden = above?.key === key;
      if (isHidden && !isMarker) sum.add(key, Size ?? 0, (above?.writtenMs ?? 0) + keptMs);
      above = { key, writtenMs: LastModified?.getTime() ?? 0 };
    }
    if (!page.IsTruncated) break;
    next = {
      ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    };
  }
  return sum.total();
}

/** Days after which the bucket removes hidden versions; undefined when no rule does. */
async function daysOfRule(
  { client, bucket: Bucket, prefix }: HiddenPlace,
  options: Abortable,
): Promise<number | undefined> {
  try {
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), options);
    return hiddenDays(Rules ?? [], prefix);
  } catch (error) {
    options.abortSignal?.throwIfAborted();
    // "There is none" comes as an error too.
    if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return undefined;
    throw error;
  }
}

type Listed = Pick<ObjectVersion, 'Key' | 'LastModified' | 'Size'> & { readonly isMarker: boolean };

/** Versions and delete markers of a page, which come apart, by key and from the newest on. */
function inOrder(
  versions: readonly ObjectVersion[],
  markers: readonly DeleteMarkerEntry[],
): readonly Listed[] {
  const all = [
    ...versions.map((version) => ({ ...version, isMarker: false, isLatest: version.IsLatest === true })),
    ...markers.map((marker) => ({ ...marker, isMarker: true, isLatest: marker.IsLatest === true })),
  ];
  return all.sort((a, b) => {
    if (a.Key !== b.Key) return (a.Key ?? '') < (b.Key ?? '') ? -1 : 1;
    if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1;
    return (b.LastModified?.getTime() ?? 0) - (a.LastModified?.getTime() ?? 0);
  });
}
