import type { S3Client } from '@aws-sdk/client-s3';
import { StoreFailure, type Trouble } from '../trouble.ts';

export type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>;

/**
 * What a service answers to credentials that were good when the run began. Sessions of a role are revoked by denying
 * everything to those that began before ("Revoke IAM role temporary security credentials", AWS IAM User Guide).
 */
const refusals: ReadonlySet<Trouble> = new Set(['expired-credentials', 'wrong-credentials', 'forbidden']);

/**
 * Whether there are other credentials than those that a request was refused with: files may have been written anew,
 * and roles give new ones, before the old ones end as they said. Then the request is worth another attempt.
 */
export async function haveCredentialsChanged(
  client: S3Client,
  used: Credentials | undefined,
  failure: unknown,
): Promise<boolean> {
  if (used === undefined || !(failure instanceof StoreFailure) || !refusals.has(failure.trouble))
    return false;
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials({
      forceRefresh: true,
    });
    return (
      accessKeyId !== used.accessKeyId ||
      secretAccessKey !== used.secretAccessKey ||
      sessionToken !== used.sessionToken
    );
  } catch {
    // Who gives credentials is away: the refusal says what is wrong.
    return false;
  }
}
