import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { RepositoryConfiguration } from '../configuration/schema.ts';
import type { LimitsConfiguration } from '../configuration/store-settings.ts';
import { Failure } from '../contracts/failures.ts';
import type { RepositoryOptions } from '../repository/repository.ts';
import type { Secret } from '../secrets/secret.ts';
import type { CommandContext } from './context.ts';
import type { CacheSelection } from './metadata-cache.ts';
import { compressionMode, duration, packBytes, positiveInteger, repeatable } from './option-values.ts';
import { askForPassword, givenPassword, readText } from './repository-password.ts';
import { storeOptions } from './store-options.ts';

/** Options by which a command names its repository, and says how it is to be worked with. */
export interface RepositorySelection extends CacheSelection {
  readonly repo?: string;
  readonly repositoryFile?: string;
  readonly repository?: string;
  readonly passwordFile?: string;
  readonly passwordCommand?: string;
  readonly insecureNoPassword?: boolean;
  /** Beginnings of the variables that are looked at for a password, the first one first. */
  readonly passwordVariables?: readonly string[];
  readonly keyHint?: string;
  readonly compression?: RepositoryOptions['compression'];
  readonly packSize?: number;
  /** False for `--no-lock`. */
  readonly lock?: boolean;
  /** How long to wait for a lock, in ms. */
  readonly retryLock?: number;
  /** KiB per second. */
  readonly limitUpload?: number;
  readonly limitDownload?: number;
  /** restic's `-o NAME=VALUE`. */
  readonly option?: readonly string[];
}

/** A repository, and how to get its password when it is needed. */
export interface RepositoryAccess {
  /** URL in restic's notation. */
  readonly url: string;
  readonly password: Secret;
  readonly options: RepositoryOptions;
  /** Access to the service that holds it, where the configuration says more than the environment. */
  readonly access?: StoreAccess;
  readonly limits?: LimitsConfiguration;
}

type StoreAccess = Pick<RepositoryConfiguration, 'caFile' | 's3' | 'azure' | 'gcs' | 'sftp'>;

export function addRepositoryOptions(command: Command): Command {
  return command
    .optionsGroup('Repository:')
    .option('-r, --repo <url>', 'repository (default: RESTIC_REPOSITORY, else that of the configuration)')
    .option('--repository <name>', 'repository of the configuration, by its name')
    .option(
      '--repository-file <file>',
      'file with the URL of the repository (default: RESTIC_REPOSITORY_FILE)',
    )
    .option(
      '-p, --password-file <file>',
      'file with the password (default: RESGUARDO_PASSWORD, RESGUARDO_PASSWORD_FILE, RESTIC_PASSWORD, RESTIC_PASSWORD_FILE, else you are asked)',
    )
    .option(
      '--password-command <command>',
      'program that prints the password; started without a shell (default: RESTIC_PASSWORD_COMMAND)',
    )
    .option('--insecure-no-password', 'the password is empty')
    .addOption(
      new Option('--key-hint <id>', 'first digits of the key file to try first').env('RESTIC_KEY_HINT'),
    )
    .addOption(
      new Option('--compression <mode>', 'how new data is compressed: fastest, default, better, max or off')
        .env('RESTIC_COMPRESSION')
        .argParser(compressionMode),
    )
    .addOption(
      new Option('--pack-size <mib>', 'size of new packs, from 4 to 128 (default: 16)')
        .env('RESTIC_PACK_SIZE')
        .argParser(packBytes),
    )
    .option('--retry-lock <duration>', 'wait so long for a lock of others, such as 5m', duration)
    .option('--no-cache', 'keep nothing of a remote repository on this machine')
    .option(
      '--cache-dir <folder>',
      'keep its index, snapshots and folders here (default: RESGUARDO_CACHE_DIR, else below ~/.cache)',
    )
    .option('--no-lock', 'take no lock: for reading from what cannot be written to')
    .option(
      '-o, --option <name=value>',
      "restic's s3.storage-class, s3.region, s3.bucket-lookup, azure.access-tier, s3.connections …; repeatable",
      repeatable,
    )
    .option('--limit-upload <rate>', 'KiB per second that are sent at most', positiveInteger)
    .option('--limit-download <rate>', 'KiB per second that are received at most', positiveInteger);
}

/**
 * Finds the repository and its password: what the command line names, else the environment, else the
 * configuration.
 * @throws {Failure} InvalidInput, InvalidConfiguration, SecretUnavailable, Cancelled
 */
export async function resolveAccess(
  context: CommandContext,
  selection: RepositorySelection,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<RepositoryAccess> {
  const url = await givenUrl(context, selection);
  if (url === undefined) return configuredAccess(context, selection);
  const password = await givenPassword(context, selection);
  return {
    url,
    password: password ?? (await askForPassword(context, url, isNew)),
    options: repositoryOptions(selection),
    access: accessOf(selection),
    limits: limitsOf(selection),
  };
}

function limitsOf({ limitUpload, limitDownload, option }: RepositorySelection): LimitsConfiguration {
  const { connections } = storeOptions(option);
  return {
    ...(connections !== undefined && { connections }),
    ...(limitUpload !== undefined && { uploadKiB: limitUpload }),
    ...(limitDownload !== undefined && { downloadKiB: limitDownload }),
  };
}

/** What the command line says goes before the configuration. */
function accessOf({ option }: RepositorySelection, configured: StoreAccess = {}): StoreAccess {
  const { s3, azure } = storeOptions(option);
  return {
    ...configured,
    ...(s3 !== undefined && { s3: { ...configured.s3, ...s3 } }),
    ...(azure !== undefined && { azure: { ...configured.azure, ...azure } }),
  };
}

function repositoryOptions({ compression, packSize, keyHint }: RepositorySelection): RepositoryOptions {
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(packSize === undefined ? {} : { packSizeBytes: packSize }),
    ...(keyHint === undefined ? {} : { keyHint }),
  };
}

/** Whether a command means a repository of the configuration, and not one that a URL names. */
export async function isConfigured(
  context: CommandContext,
  selection: RepositorySelection,
): Promise<boolean> {
  return (await givenUrl(context, selection)) === undefined;
}

/** Undefined if the configuration is to say. */
async function givenUrl(
  { env, cwd, configFile }: CommandContext,
  { repo, repository, repositoryFile }: RepositorySelection,
): Promise<string | undefined> {
  if (repositoryFile !== undefined && (repo ?? repository) === undefined) {
    const what = '--repository-file';
    return readText({ what, path: resolve(cwd, repositoryFile), type: 'InvalidInput' });
  }
  if (repo !== undefined) {
    if (repository === undefined) return repo;
    throw new Failure('InvalidInput', '--repo and --repository exclude each other', {
      advice: 'Give the URL of the repository, or its name in the configuration.',
    });
  }
  if (repository !== undefined || configFile !== undefined) return undefined;
  if (env.RESTIC_REPOSITORY) return env.RESTIC_REPOSITORY;
  if (!env.RESTIC_REPOSITORY_FILE) return undefined;
  const what = 'RESTIC_REPOSITORY_FILE';
  return readText({ what, path: resolve(cwd, env.RESTIC_REPOSITORY_FILE), type: 'InvalidInput' });
}

async function configuredAccess(
  context: CommandContext,
  selection: RepositorySelection,
): Promise<RepositoryAccess> {
  const { loadContextConfiguration, repositoryName } = await import('./configuration.ts');
  const { resolveSecret } = await import('../secrets/resolve.ts');
  const configuration = await loadContextConfiguration(context);
  const name = repositoryName(configuration, selection.repository);
  const repository = configuration.repositories[name];
  if (repository === undefined) throw new Failure('Internal', `The repository ${name} has gone`);
  const { url, password, compression, limits, ...access } = repository;
  const { passwordFile, passwordCommand } = selection;
  const isGiven = (passwordFile ?? passwordCommand) !== undefined;
  const given = isGiven ? await givenPassword(context, selection) : undefined;
  return {
    url,
    password: given ?? (await resolveSecret(password, context.env)),
    options: { compression, ...repositoryOptions(selection) },
    access: accessOf(selection, access),
    limits: { ...limits, ...limitsOf(selection) },
  };
}
