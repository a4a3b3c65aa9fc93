import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { isFrozenClass } from '../../contracts/storage-classes.ts';
import type { S3Settings } from '../settings.ts';
import { isForClass } from '../storage-class.ts';
import type { StoreFile } from '../store.ts';

const dayMs = 86_400_000;

/**
 * Class and lock of a new object. Locks are per object: a default of the bucket would freeze lock files too, which come
 * and go.
 */
export function keptAs(
  file: StoreFile,
  { storageClass, objectLock }: Pick<S3Settings, 'storageClass' | 'objectLock'>,
): Partial<PutObjectCommandInput> {
  return {
    ...(storageClass !== undefined &&
      isForClass(file, isFrozenClass(storageClass)) && { StorageClass: storageClass }),
    ...(objectLock !== undefined &&
      file.type !== 'lock' && {
        ObjectLockMode: objectLock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + objectLock.days * dayMs),
      }),
  };
}
