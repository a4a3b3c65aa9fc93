import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { httpStatus, s3Failure } from '../failures.ts';
import { placeOf, type S3Location } from '../location.ts';
import type { BucketStep } from './plan.ts';

export interface AppliedStep {
  readonly step: BucketStep;
  /** `unsupported`: the service does not have this setting. */
  readonly outcome: 'done' | 'unsupported';
}

/** Steps that a bucket can be used without; some services take them for a bucket to be made, and say so. */
const dispensable = ['encryption', 'publicAccessBlock'];

/**
 * Does the steps of a plan in their order.
 * @throws {Failure} as the store, naming the right that is missing
 */
export async function applyBucketPlan(
  client: S3Client,
  { location, steps }: { readonly location: S3Location; readonly steps: readonly BucketStep[] },
  signal: AbortSignal,
): Promise<readonly AppliedStep[]> {
  const { bucket } = location;
  const applied: AppliedStep[] = [];
  for (const step of steps) {
    try {
      await send(client, { bucket, step, signal });
      applied.push({ step, outcome: 'done' });
    } catch (error) {
      if (!dispensable.includes(step.kind) || !isUnsupported(error)) {
        throw s3Failure(error, {
          action: rights[step.kind],
          place: placeOf(location),
          signal,
        });
      }
      applied.push({ step, outcome: 'unsupported' });
    }
  }
  return applied;
}

const rights: Readonly<Record<BucketStep['kind'], string>> = {
  create: 's3:CreateBucket',
  versioning: 's3:PutBucketVersioning',
  encryption: 's3:PutEncryptionConfiguration',
  publicAccessBlock: 's3:PutBucketPublicAccessBlock',
  lifecycle: 's3:PutLifecycleConfiguration',
};

interface Sending {
  readonly bucket: string;
  readonly step: BucketStep;
  readonly signal: AbortSignal;
}

async function send(client: S3Client, { bucket: Bucket, step, signal: abortSignal }: Sending): Promise<void> {
  const options = { abortSignal };
  switch (step.kind) {
    case 'create': {
      const region = await client.config.region();
      const command = new CreateBucketCommand({
        Bucket,
        ObjectLockEnabledForBucket: step.objectLock,
        // Outside of the oldest region the place has to be named; services of others take the name or ignore it.
        ...(region === 'us-east-1' || region === 'auto'
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } }),
      });
      await client.send(command, options);
      return;
    }
    case 'versioning': {
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }), options);
      return;
    }
    case 'encryption': {
      const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }];
      const command = new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: { Rules },
      });
      await client.send(command, options);
      return;
    }
    case 'publicAccessBlock': {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      };
      await client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }), options);
      return;
    }
    case 'lifecycle': {
      const LifecycleConfiguration = { Rules: [...step.rules] };
      const command = new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration });
      await client.send(command, options);
    }
  }
}

function isUnsupported(error: unknown): boolean {
  const isMisread = error instanceof Error && error.name === 'MalformedXML';
  return isMisread || [405, 501].includes(httpStatus(error) ?? 0);
}
