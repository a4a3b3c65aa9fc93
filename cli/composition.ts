import { bytesPerSecond } from '../configuration/store-settings.ts';
import { Failure } from '../contracts/failures.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import type { RepositoryOptions } from '../repository/options.ts';
import type { Repository } from '../repository/repository.ts';
import { openRepository, type StartOptions } from '../repository/unlock.ts';
import { dryRunStore } from '../stores/dry-run.ts';
import { Bandwidth } from '../stores/network/limits.ts';
import { openStore } from '../stores/open.ts';
import type { AppliedStep } from '../stores/s3/bucket/apply.ts';
import type { Bucket } from '../stores/s3/bucket/bucket.ts';
import { type BucketPlan, describeStep } from '../stores/s3/bucket/plan.ts';
import type { Store } from '../stores/store.ts';
import type { CommandContext } from './context.ts';
import { cacheFolderFor } from './metadata-cache.ts';
import { type RepositoryAccess, type RepositorySelection, resolveAccess } from './repository-access.ts';

/** The one place of the command line that names stores. */

export type { AppliedStep, Bucket, BucketPlan };
export { describeStep as describeBucketStep };

/** @throws {Failure} InvalidInput, InvalidConfiguration, SecretUnavailable */
export async function storeOf(
  { env }: Pick<CommandContext, 'env'>,
  { url, access = {}, limits = {} }: Pick<RepositoryAccess, 'url' | 'access' | 'limits'>,
): Promise<Store> {
  const { caFile, s3, azure, gcs, sftp } = access;
  const bandwidth = new Bandwidth(bytesPerSecond(limits));
  return await openStore(url, { env, caFile, s3, azure, gcs, sftp, bandwidth });
}

/**
 * The bucket of a repository, for what goes beyond reading and writing its objects. The caller closes it.
 * @throws {Failure} InvalidInput for a repository that lies in no bucket of S3
 */
export async function bucketOf(
  { env }: Pick<CommandContext, 'env'>,
  { url, access = {} }: Pick<RepositoryAccess, 'url' | 'access'>,
): Promise<Bucket> {
  if (!/^(s3|b2):/.test(url)) {
    throw new Failure('InvalidInput', 'The repository lies in no bucket that speaks S3', {
      advice: 'Name one whose URL starts with s3: or b2:.',
    });
  }
  const { caFile, s3 } = access;
  // The SDK is loaded when it is needed.
  const { Bucket: S3Bucket } = await import('../stores/s3/bucket/bucket.ts');
  return await S3Bucket.open(url, { env, caFile, s3 });
}

/**
 * Rules of a bucket of Google Cloud Storage that delete what a repository needs; undefined when that cannot be seen.
 * @throws {Failure} as the store
 */
export async function harmfulRulesOf(
  { env }: Pick<CommandContext, 'env'>,
  { url, access = {} }: Pick<RepositoryAccess, 'url' | 'access'>,
  signal: AbortSignal,
): Promise<BucketPlan['harmful'] | undefined> {
  const { readHarmfulRules } = await import('../stores/gcs/rules.ts');
  const rules = await readHarmfulRules(url, { env, caFile: access.caFile, gcs: access.gcs }, signal);
  return rules?.map((rule) => ({ ...rule, harm: 'expires' as const }));
}

/**
 * Opens the repository that a command means, works with it, and closes it.
 * @throws {Failure} RepositoryNotFound, WrongKey, RepositoryUnsupported, and what the work throws
 */
export async function withRepository<T>(
  context: CommandContext,
  selection: RepositorySelection & Pick<StartOptions, 'engine'> & { readonly writesNothing?: boolean },
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const access = await resolveAccess(context, selection);
  const opened = await storeOf(context, access);
  const store = selection.writesNothing === true ? dryRunStore(opened) : opened;
  const folder = cacheFolderFor(context, selection, access.url);
  const repository = await openRepository(store, access.password, {
    ...access.options,
    engine: selection.engine,
    ...(folder === undefined ? {} : { cache: await cacheIn(folder) }),
  });
  try {
    return await work(repository);
  } finally {
    await repository.close();
  }
}

async function cacheIn(folder: string): Promise<NonNullable<RepositoryOptions['cache']>> {
  const { cachedStore } = await import('../stores/cache.ts');
  return (below, facts) => cachedStore(below, facts, { folder });
}

/** What a command does with a repository, which says how it has to be locked. */
export type Purpose = 'read' | 'add' | 'remove';

/**
 * The same under a lock: a shared one to read or to add, an exclusive one to remove. The signal that the work gets
 * also aborts when the lock is lost. `--no-lock` is for what changes nothing, and what adds in a dry run stores
 * nothing.
 * @throws {Failure} RepositoryLocked after the time of `--retry-lock`; InvalidInput
 */
export async function withLockedRepository<T>(
  context: CommandContext,
  {
    purpose,
    ...selection
  }: RepositorySelection &
    Pick<StartOptions, 'engine'> & { readonly purpose: Purpose; readonly dryRun?: boolean },
  work: (repository: Repository, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  if (selection.lock === false && purpose !== 'read' && selection.dryRun !== true) {
    throw new Failure('InvalidInput', '--no-lock is for commands that change nothing, and for --dry-run', {
      advice: 'Leave it out.',
    });
  }
  // What only adds need not know that it is a dry run: nothing of it reaches the store.
  const writesNothing = purpose === 'add' && selection.dryRun === true;
  return await withRepository(context, { ...selection, writesNothing }, async (repository) => {
    if (selection.lock === false) return await work(repository, signal);
    const request = { exclusive: purpose === 'remove', waitMs: selection.retryLock ?? 0, signal };
    return await withLock(repository, request, (underLock) => work(repository, underLock));
  });
}
