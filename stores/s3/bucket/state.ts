import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type IntelligentTieringConfiguration,
  type LifecycleRule,
  ListBucketIntelligentTieringConfigurationsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { httpStatus, s3Failure } from '../failures.ts';
import { placeOf, type S3Location } from '../location.ts';

/** `unknown`: the service does not know the setting, or the credentials may not look at it. */
export type Setting = 'on' | 'off' | 'unknown';

/** What a bucket is set to, as far as it can be seen. */
export interface BucketState {
  readonly exists: boolean;
  readonly versioning: Setting;
  readonly encryption: Setting;
  /** All four blocks of public access. */
  readonly publicAccessBlock: Setting;
  readonly objectLock: Setting;
  /** Undefined when they cannot be seen. */
  readonly lifecycle: readonly LifecycleRule[] | undefined;
  /** Which objects in INTELLIGENT_TIERING freeze by themselves; undefined when it cannot be seen. */
  readonly tiering: readonly IntelligentTieringConfiguration[] | undefined;
}

const absent: BucketState = {
  exists: false,
  versioning: 'off',
  encryption: 'off',
  publicAccessBlock: 'off',
  objectLock: 'off',
  lifecycle: [],
  tiering: [],
};

/**
 * Looks at a bucket, and changes nothing.
 * @throws {Failure} as the store: wrong credentials, an unknown host, a region that is not the bucket's
 */
export async function readBucketState(
  client: S3Client,
  location: S3Location,
  signal: AbortSignal,
): Promise<BucketState> {
  const Bucket = location.bucket;
  const options = { abortSignal: signal };
  try {
    await client.send(new HeadBucketCommand({ Bucket }), options);
  } catch (error) {
    if (httpStatus(error) === 404) return absent;
    throw s3Failure(error, { action: 's3:ListBucket', place: placeOf(location), signal });
  }
  const ask = async <T extends object>(question: () => Promise<T>): Promise<Partial<T> | undefined> => {
    try {
      return await question();
    } catch (error) {
      signal.throwIfAborted();
      // "There is none" comes as 404; what the service does not know, or does not tell, as anything else.
      return httpStatus(error) === 404 ? {} : undefined;
    }
  };
  const versioning = await ask(() => client.send(new GetBucketVersioningCommand({ Bucket }), options));
  const encryption = await ask(() => client.send(new GetBucketEncryptionCommand({ Bucket }), options));
  const access = await ask(() => client.send(new GetPublicAccessBlockCommand({ Bucket }), options));
  const lock = await ask(() => client.send(new GetObjectLockConfigurationCommand({ Bucket }), options));
  const lifecycle = await ask(() =>
    client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), options),
  );
  const tiering = await ask(() =>
    client.send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket }), options),
  );
  const blocks = access?.PublicAccessBlockConfiguration;
  return {
    exists: true,
    versioning: setting(versioning, versioning?.Status === 'Enabled'),
    encryption: setting(encryption, encryption?.ServerSideEncryptionConfiguration !== undefined),
    publicAccessBlock: setting(
      access,
      [
        blocks?.BlockPublicAcls,
        blocks?.BlockPublicPolicy,
        blocks?.IgnorePublicAcls,
        blocks?.RestrictPublicBuckets,
      ].every((block) => block === true),
    ),
    objectLock: setting(lock, lock?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'),
    lifecycle: lifecycle === undefined ? undefined : (lifecycle.Rules ?? []),
    tiering: tiering === undefined ? undefined : (tiering.IntelligentTieringConfigurationList ?? []),
  };
}

function setting(answer: unknown, isOn: boolean): Setting {
  if (answer === undefined) return 'unknown';
  return isOn ? 'on' : 'off';
}
