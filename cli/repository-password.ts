import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import type { CommandContext } from './context.ts';
import { type PromptOptions, promptSecret } from './prompt.ts';
import type { RepositorySelection } from './repository-access.ts';
import { splitWords } from './words.ts';

/**
 * The password that the command line names, else the environment; undefined when there is none.
 * @throws {Failure} SecretUnavailable, InvalidInput, ToolFailed
 */
export async function givenPassword(
  { env, cwd, signal }: CommandContext,
  { passwordFile, passwordCommand, insecureNoPassword, passwordVariables }: RepositorySelection,
): Promise<Secret | undefined> {
  const fromFile = async (what: string, path: string): Promise<Secret> =>
    new Secret(await readText({ what, path: resolve(cwd, path), type: 'SecretUnavailable' }));
  if (insecureNoPassword === true) return new Secret('');
  if (passwordFile !== undefined) return fromFile('--password-file', passwordFile);
  const fromCommand = (command: string): Promise<Secret> => printedPassword(command, { env, cwd, signal });
  if (passwordCommand !== undefined) return fromCommand(passwordCommand);
  for (const prefix of passwordVariables ?? ['RESGUARDO', 'RESTIC']) {
    const value = env[`${prefix}_PASSWORD`];
    if (value) return new Secret(value);
    const file = env[`${prefix}_PASSWORD_FILE`];
    if (file) return fromFile(`${prefix}_PASSWORD_FILE`, file);
    const command = env[`${prefix}_PASSWORD_COMMAND`];
    if (command) return fromCommand(command);
  }
  return undefined;
}

/** What a program prints, up to the first line end; it gets the whole environment, as with restic. */
async function printedPassword(
  command: string,
  { env, cwd, signal }: Pick<CommandContext, 'env' | 'cwd' | 'signal'>,
): Promise<Secret> {
  const [name, ...args] = splitWords(command);
  if (name === undefined) throw new Failure('InvalidInput', 'The password command is empty');
  const { captureProgram } = await import('../programs/capture.ts');
  const { stdout } = await captureProgram({
    command: name,
    args,
    env: Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    workingFolder: cwd,
    signal,
  });
  const password = stdout.toString('utf8').trim();
  if (password !== '') return new Secret(password);
  throw new Failure('SecretUnavailable', `The password command ${name} printed nothing`);
}

/**
 * A password that is to open a repository from now on: from a file, else asked for twice.
 * @throws {Failure} SecretUnavailable, InvalidInput, Cancelled
 */
export async function newPassword(
  context: CommandContext,
  {
    newPasswordFile: file,
    newInsecureNoPassword,
  }: { readonly newPasswordFile?: string; readonly newInsecureNoPassword?: boolean },
): Promise<Secret> {
  if (newInsecureNoPassword === true) return new Secret('');
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

export async function askForPassword(context: CommandContext, url: string, isNew: boolean): Promise<Secret> {
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

export interface NamedFile {
  readonly what: string;
  readonly path: string;
  readonly type: 'InvalidInput' | 'SecretUnavailable';
}

/** Text of a file, without white space around it. */
export async function readText({ what, path, type }: NamedFile): Promise<string> {
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
