import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../contracts/failures.ts';
import type { RepositoryOptions } from '../repository/repository.ts';
import { Secret } from '../secrets/secret.ts';
import type { CommandContext } from './context.ts';
import { type PromptOptions, promptSecret } from './prompt.ts';

/** Options by which a command names its repository. */
export interface RepositorySelection {
  readonly repo?: string;
  readonly repository?: string;
  readonly passwordFile?: string;
}

/** A repository, and how to get its password when it is needed. */
export interface RepositoryAccess {
  /** URL in restic's notation. */
  readonly url: string;
  readonly password: Secret;
  readonly compression?: RepositoryOptions['compression'];
}

export function addRepositoryOptions(command: Command): Command {
  return command
    .option('-r, --repo <url>', 'repository (default: RESTIC_REPOSITORY, else that of the configuration)')
    .option('--repository <name>', 'repository of the configuration, by its name')
    .option(
      '--password-file <file>',
      'file with the password (default: RESGUARDO_PASSWORD, RESGUARDO_PASSWORD_FILE, RESTIC_PASSWORD, RESTIC_PASSWORD_FILE, else you are asked)',
    );
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
  return { url, password: password ?? (await askForPassword(context, url, isNew)) };
}

/** Undefined if the configuration is to say. */
async function givenUrl(
  { env, cwd, configFile }: CommandContext,
  { repo, repository }: RepositorySelection,
): Promise<string | undefined> {
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

async function givenPassword(
  { env, cwd }: CommandContext,
  { passwordFile }: RepositorySelection,
): Promise<Secret | undefined> {
  const fromFile = async (what: string, path: string): Promise<Secret> =>
    new Secret(await readText({ what, path: resolve(cwd, path), type: 'SecretUnavailable' }));
  if (passwordFile !== undefined) return fromFile('--password-file', passwordFile);
  for (const prefix of ['RESGUARDO', 'RESTIC']) {
    const value = env[`${prefix}_PASSWORD`];
    if (value) return new Secret(value);
    const file = env[`${prefix}_PASSWORD_FILE`];
    if (file) return fromFile(`${prefix}_PASSWORD_FILE`, file);
  }
  return undefined;
}

/**
 * A password that is to open a repository from now on: from a file, else asked for twice.
 * @throws {Failure} SecretUnavailable, InvalidInput, Cancelled
 */
export async function newPassword(context: CommandContext, file: string | undefined): Promise<Secret> {
  if (file !== undefined) {
    const path = resolve(context.cwd, file);
    const text = await readText({ what: '--new-password-file', path, type: 'SecretUnavailable' });
    if (text !== '') return new Secret(text);
    throw new Failure('InvalidInput', 'The file of --new-password-file is empty');
  }
  const { stdin, signal, output } = context;
  if (!stdin.isTTY) {
    throw new Failure('SecretUnavailable', 'There is no new password', {
      advice: 'Give --new-password-file FILE; on a terminal you are asked.',
    });
  }
  return await askTwice('New password', { stdin, signal, stderr: output.stderr });
}

async function askForPassword(context: CommandContext, url: string, isNew: boolean): Promise<Secret> {
  const { stdin, signal, output } = context;
  if (!stdin.isTTY) {
    throw new Failure('SecretUnavailable', `There is no password for the repository ${url}`, {
      advice: 'Set RESGUARDO_PASSWORD_FILE or give --password-file FILE; on a terminal you are asked.',
    });
  }
  const prompt = { stdin, signal, stderr: output.stderr };
  const question = `Password of the repository ${url}`;
  return await (isNew ? askTwice(question, prompt) : promptSecret(question, prompt));
}

async function askTwice(question: string, prompt: PromptOptions): Promise<Secret> {
  const password = await promptSecret(question, prompt);
  const again = await promptSecret('Again', prompt);
  if (again.reveal() === password.reveal()) return password;
  throw new Failure('InvalidInput', 'The two passwords differ', { advice: 'Start again.' });
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
  const { url, password, compression } = repository;
  const given = selection.passwordFile === undefined ? undefined : await givenPassword(context, selection);
  return { url, password: given ?? (await resolveSecret(password, context.env)), compression };
}

interface NamedFile {
  readonly what: string;
  readonly path: string;
  readonly type: 'InvalidInput' | 'SecretUnavailable';
}

async function readText({ what, path, type }: NamedFile): Promise<string> {
  try {
    // As restic does: editors and `echo` end a file with a line end.
    const text = (await readFile(path, 'utf8')).trim();
    if (text !== '') return text;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(type, `Cannot read the file of ${what}: ${reason}`, { cause: error });
  }
  throw new Failure(type, `The file of ${what} is empty: ${path}`);
}
