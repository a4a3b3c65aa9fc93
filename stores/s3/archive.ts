import type { RestoreRequest, _Object as S3Object, Tier } from '@aws-sdk/client-s3';
import { isFrozenClass } from '../../contracts/storage-classes.ts';
import type { ThawSpeed, ThawWish } from '../../contracts/thaw.ts';
import { isFileName } from '../layout.ts';
import type { Reach, StoredFile } from '../store.ts';

/** What a listing says of an object: undefined for a class that is read at once. */
function reachOf({
  StorageClass,
  RestoreStatus,
}: Pick<S3Object, 'StorageClass' | 'RestoreStatus'>): Reach | undefined {
  if (!isFrozenClass(StorageClass)) return undefined;
  if (RestoreStatus?.IsRestoreInProgress) return 'thawing';
  return RestoreStatus?.RestoreExpiryDate === undefined ? 'frozen' : 'readable';
}

const tiers: Readonly<Record<ThawSpeed, Tier>> = {
  bulk: 'Bulk',
  standard: 'Standard',
  expedited: 'Expedited',
};

/** The body of RestoreObject. */
export function restoreRequest({ speed, days }: ThawWish): RestoreRequest {
  return { Days: days, GlacierJobParameters: { Tier: tiers[speed] } };
}

/** Whether a page of a listing leaves open which of its objects are thawed. */
export function lacksStatus(objects: readonly S3Object[]): boolean {
  return objects.some(
    ({ StorageClass, RestoreStatus }) => isFrozenClass(StorageClass) && RestoreStatus === undefined,
  );
}

/** An object of a listing; undefined for what is no file of a repository. */
export function storedFile({
  Key = '',
  Size = 0,
  LastModified,
  ...archived
}: S3Object): StoredFile | undefined {
  const name = Key.slice(Key.lastIndexOf('/') + 1);
  if (!isFileName(name)) return undefined;
  const reach = reachOf(archived);
  return {
    name,
    sizeBytes: Size,
    ...(archived.StorageClass !== undefined && { storageClass: archived.StorageClass }),
    ...(LastModified !== undefined && { writtenAt: LastModified }),
    ...(reach !== undefined && { reach }),
  };
}
