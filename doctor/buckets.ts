import { Failure } from '../contracts/failures.ts';
import { type Check, type CheckResult, failed, ok, warning } from './check.ts';
import type { BucketLook, DoctorContext } from './context.ts';

const check = 'bucket';

/** For each repository in a bucket: whether it is set as a repository wants it, and no rule loses data. */
export function bucketChecks({ configuration, lookAtBucket }: DoctorContext): readonly Check[] {
  return Object.entries(configuration.repositories)
    .filter(([, { url }]) => /^(s3|b2|gs|azure):/.test(url))
    .map(([name]) => ({
      check,
      subject: name,
      run: async (signal) => {
        try {
          return judge(name, await lookAtBucket(name, signal));
        } catch (error) {
          return [failed(check, name, error)];
        }
      },
    }));
}

function judge(
  name: string,
  { bucket, lacks, harmful, impossible, unseen }: BucketLook,
): readonly CheckResult[] {
  const results = [
    ...harmful.map((rule) => failed(check, name, destroys(bucket, rule))),
    ...impossible.map((message) =>
      warning(check, name, { message, mend: 'Make another bucket, and copy the repository there.' }),
    ),
    ...(lacks.length === 0
      ? []
      : [
          warning(check, name, {
            message: `${bucket} does not: ${lacks.join('; ')}`,
            mend: `Look at the plan, and set it: resguardo repo bucket --repository ${name} --apply`,
          }),
        ]),
  ];
  if (results.length > 0) return results;
  return [ok(check, name, unseen ?? `${bucket} is set as a repository wants it.`)];
}

function destroys(bucket: string, { id, description }: BucketLook['harmful'][number]): Failure {
  const message = `The rule ${id} of ${bucket} ${description}: that destroys the repository`;
  return new Failure('RepositoryUnsupported', message, {
    advice: 'Remove the rule, or keep it away by another prefix.',
  });
}
