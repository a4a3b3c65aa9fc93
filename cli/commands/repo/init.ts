import { resolve } from 'node:path';
import { Option } from 'commander';
import { Failure } from '../../../contracts/failures.ts';
import { randomKeyCost } from '../../../repository/crypto/key-derivation.ts';
import { Repository } from '../../../repository/repository.ts';
import { makeKeyFile } from '../../../setup/key-file.ts';
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
  readonly makeKey?: string;
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
    .option('--make-key <file>', 'make a random key, keep it in this new file, and take it as the password')
    .option('--copy-chunker-params', 'cut content as the repository of --from-repo does, for copies of it')
    .option('--create-bucket', 'make the S3 bucket and set it up first; the plan is shown and asked about')
    .option('--object-lock', 'with --create-bucket: objects of it can be locked')
    .option('--yes', 'do not ask');
  addFromOptions(addRepositoryOptions(command)).action(
    run(init, { action: 'repo.init', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['resguardo repo init --repo /srv/backup --make-key resguardo.key', 'a repository, and the key of it'],
    ['resguardo repo init --repo /srv/backup --password-file resguardo.key', 'by a password that is there'],
    ['resguardo repo init --repo s3:s3.amazonaws.com/acme-backup/main --create-bucket', 'the bucket, too'],
  ]);
}

async function init(context: CommandContext, options: Options): Promise<number> {
  const keyFile = await makeKey(context, options);
  const selection = keyFile === undefined ? options : { ...options, passwordFile: keyFile };
  const access = await resolveAccess(context, selection, { isNew: true });
  if (options.createBucket === true) await createBucket(context, access, options);
  const store = await storeOf(context, access);
  const chunkerPolynomial = await polynomialOf(context, options);
  const repository = await Repository.init(store, access.password, {
    ...access.options,
    ...(chunkerPolynomial === undefined ? {} : { chunkerPolynomial }),
    ...(keyFile === undefined ? {} : { scryptCost: randomKeyCost }),
  });
  try {
    await context.output.result(
      { id: repository.id, repository: store.location, ...(keyFile !== undefined && { keyFile }) },
      [
        `Created the repository ${shortId(repository.id)} at ${store.location}`,
        ...(keyFile === undefined ? [] : [`Its password is the key in ${keyFile}.`]),
        'Without its password nobody can read it, you included: keep a copy of it somewhere else.',
      ].join('\n'),
    );
  } finally {
    await repository.close();
  }
  return 0;
}

/** Path of the key that was made, if one was asked for. */
async function makeKey({ cwd }: CommandContext, options: Options): Promise<string | undefined> {
  const { makeKey: file, passwordFile, passwordCommand, insecureNoPassword } = options;
  if (file === undefined) return undefined;
  if ((passwordFile ?? passwordCommand ?? insecureNoPassword) !== undefined) {
    throw new Failure('InvalidInput', '--make-key makes the password, and another one was given', {
      advice: 'Leave one of them out.',
    });
  }
  const path = resolve(cwd, file);
  await makeKeyFile(path);
  return path;
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
