import { auditedRepository } from '../../audit.ts';
import { renderPlan, setUpBucket } from '../../bucket.ts';
import { bucketOf } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { positiveInteger } from '../../option-values.ts';
import { addRepositoryOptions, type RepositorySelection, resolveAccess } from '../../repository-access.ts';

interface Options extends RepositorySelection {
  readonly apply?: boolean;
  readonly yes?: boolean;
  readonly objectLock?: boolean;
  readonly versionDays?: number;
}

/** A rule that deletes what lies in the repository. */
const dangerExitCode = 1;

export function defineRepoBucket({ parent, run }: Definition): void {
  const command = parent
    .command('bucket')
    .description(
      'look whether an S3 bucket is set as a repository wants it: versions, encryption, access, rules',
    )
    .option('--apply', 'set what is missing, after a yes')
    .option('--yes', 'do not ask')
    .option('--object-lock', 'the bucket shall be able to lock objects; one that exists cannot be given that')
    .option(
      '--version-days <days>',
      'how long what was deleted can be got back (default: 30)',
      positiveInteger,
    );
  addRepositoryOptions(command).action(
    run(bucket, {
      action: 'repo.bucket',
      subjects: (options) => [auditedRepository(options)],
      detail: ({ apply }) => ({ apply: apply === true }),
    }),
  );
  withExamples(command, [
    ['resguardo repo bucket --repository offsite', 'what is missing, and what is dangerous'],
    ['resguardo repo bucket --repository offsite --apply', 'the same, and set it'],
  ]);
}

async function bucket(context: CommandContext, options: Options): Promise<number> {
  const { objectLock, versionDays, apply = false, yes = false } = options;
  const opened = await bucketOf(context, await resolveAccess(context, options));
  try {
    const report = await setUpBucket(context, opened, {
      ...(objectLock !== undefined && { objectLock }),
      ...(versionDays !== undefined && { versionDays }),
      dryRun: !apply,
      yes,
    });
    await context.output.result(report, renderPlan(report));
    return report.plan.harmful.length > 0 ? dangerExitCode : 0;
  } finally {
    opened.close();
  }
}
