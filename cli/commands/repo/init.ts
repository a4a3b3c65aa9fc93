import { Option } from 'commander';
import { Repository } from '../../../repository/repository.ts';
import { auditedRepository } from '../../audit.ts';
import { renderPlan, setUpBucket } from '../../bucket.ts';
import { bucketOf, storeOf, withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addFromOptions, type FromSelection, fromRepository } from '../../from-repository.ts';
import { shortId } from '../../output/format.ts';
import {
  addRepositoryOptions,
  type RepositoryAccess,
  type RepositorySelection,
  resolveAccess,
} from '../../repository-access.ts';

interface Options extends RepositorySelection, FromSelection {
  readonly copyChunkerParams?: boolean;
  readonly createBucket?: boolean;
  readonly objectLock?: boolean;
  readonly yes?: boolean;
}

export function defineRepoInit({ parent, run }: Definition): void {
  const command = parent
    .command('init')
    .description('create a repository of format version 2')
    .addOption(
      new Option(
        '--repository-version <version>',
        'version of the format: 2 is the only one that is written',
      ).choices(['2', 'latest', 'stable']),
    )
    .option('--copy-chunker-params', 'cut content as the repository of --from-repo does, for copies of it')
    .option('--create-bucket', 'make the S3 bucket and set it up first; the plan is shown and asked about')
    .option('--object-lock', 'with --create-bucket: objects of it can be locked')
    .option('--yes', 'do not ask');
  addFromOptions(addRepositoryOptions(command)).action(
    run(init, { action: 'repo.init', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['(umask 077; head -c 32 /dev/urandom | base64 > resguardo.key)', 'make a key'],
    ['resguardo repo init --repo /srv/backup --password-file resguardo.key', 'create the repository'],
    ['resguardo repo init --repo s3:s3.amazonaws.com/acme-backup/main --create-bucket', 'the bucket, too'],
  ]);
}

async function init(context: CommandContext, options: Options): Promise<number> {
  const access = await resolveAccess(context, options, { isNew: true });
  if (options.createBucket === true) await createBucket(context, access, options);
  const store = await storeOf(context, access);
  const chunkerPolynomial = await polynomialOf(context, options);
  const repository = await Repository.init(store, access.password, {
    ...access.options,
    ...(chunkerPolynomial === undefined ? {} : { chunkerPolynomial }),
  });
  try {
    await context.output.result(
      { id: repository.id, repository: store.location },
      [
        `Created the repository ${shortId(repository.id)} at ${store.location}`,
        'Without its password nobody can read it, you included: keep a copy of it somewhere else.',
      ].join('\n'),
    );
  } finally {
    await repository.close();
  }
  return 0;
}

async function createBucket(
  context: CommandContext,
  access: RepositoryAccess,
  { objectLock, yes = false }: Options,
): Promise<void> {
  const bucket = await bucketOf(context, access);
  try {
    const wish = { ...(objectLock !== undefined && { objectLock }), dryRun: false, yes };
    context.output.note(renderPlan(await setUpBucket(context, bucket, wish)));
  } finally {
    bucket.close();
  }
}

/** Of the repository that this one is to share content with; undefined for one of its own. */
async function polynomialOf(context: CommandContext, options: Options): Promise<bigint | undefined> {
  if (options.copyChunkerParams !== true) return undefined;
  return await withRepository(
    context,
    fromRepository(options),
    async ({ chunkerPolynomial }) => chunkerPolynomial,
  );
}
