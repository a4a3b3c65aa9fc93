import type { RepositoryConfiguration } from '../configuration/schema.ts';
import type { BucketLook } from '../doctor/context.ts';
import { bucketOf, describeBucketStep, harmfulRulesOf } from './composition.ts';
import type { CommandContext } from './context.ts';

/** Looks at the bucket or container of a repository, as far as its service lets us. Changes nothing. */
export async function lookAtBucket(
  context: CommandContext,
  repository: RepositoryConfiguration | undefined,
  signal: AbortSignal,
): Promise<BucketLook> {
  const { url = '', ...access } = repository ?? {};
  const [scheme, container = ''] = url.split(':');
  const nothing = { bucket: container, lacks: [], harmful: [], impossible: [] };
  if (scheme === 'azure') {
    const unseen = `The rules of ${container} are not looked at: lifecycle management of Azure has another interface, with other credentials. See yourself that none deletes or archives blobs of the repository.`;
    return { ...nothing, unseen };
  }
  if (scheme === 'gs') {
    const harmful = await harmfulRulesOf(context, { url, access }, signal);
    const unseen =
      harmful === undefined
        ? `The rules of ${container} cannot be seen without the right storage.buckets.get. See yourself that none deletes objects of the repository.`
        : `No rule of ${container} deletes what the repository needs.`;
    return { ...nothing, harmful: harmful ?? [], unseen };
  }
  const bucket = await bucketOf(context, { url, access });
  try {
    const { steps, harmful, impossible } = await bucket.plan({}, signal);
    return { bucket: bucket.name, lacks: steps.map(describeBucketStep), harmful, impossible };
  } finally {
    bucket.close();
  }
}
