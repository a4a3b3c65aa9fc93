import { open } from 'node:fs/promises';
import { Failure } from '../contracts/failures.ts';
import { Secret } from './secret.ts';
import { splitUrls } from './url-list.ts';

/** Secrets are short; a reference to something larger is a mistake. */
const longestBytes = 64 * 1024;

/**
 * Gets the value behind a reference: `env:NAME`, `env:NAME#2` (the second URL of a list), or `file:PATH` whose last line end is not part of it.
 * @throws {Failure} SecretUnavailable naming the reference, never the value
 */
export async function resolveSecret(reference: string, env: NodeJS.ProcessEnv): Promise<Secret> {
  const [scheme, ...rest] = reference.split(':');
  const name = rest.join(':');
  if (scheme === 'env') return fromEnvironment(name, env);
  if (scheme === 'file') return fromFile(name);
  throw new Failure('SecretUnavailable', 'A secret is not given as a reference', {
    advice: 'Write env:NAME or file:PATH.',
  });
}

function fromEnvironment(reference: string, env: NodeJS.ProcessEnv): Secret {
  const [name = '', position] = reference.split('#');
  const value = env[name];
  if (value) return position === undefined ? new Secret(value) : entryOf(name, value, Number(position));
  throw new Failure(
    'SecretUnavailable',
    `The environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`,
    {
      advice: `Set ${name} for the process of the worker, too.`,
    },
  );
}

function entryOf(name: string, list: string, position: number): Secret {
  const entries = splitUrls(list);
  const entry = entries[position - 1];
  if (entry !== undefined) return new Secret(entry);
  throw new Failure(
    'SecretUnavailable',
    `The environment variable ${name} lists ${entries.length} URLs, and number ${position} is asked for`,
    { advice: `Give all processes of Resguardo the same ${name}.` },
  );
}

async function fromFile(path: string): Promise<Secret> {
  const text = await readSecretFile(path);
  const value = text.replace(/\r?\n$/, '');
  if (value !== '') return new Secret(value);
  throw new Failure('SecretUnavailable', `The secret file ${path} is empty`, {
    advice: 'Write the secret into it.',
  });
}

async function readSecretFile(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { mode, size } = await file.stat();
      refuseOpenFile(path, mode);
      if (size > longestBytes)
        throw new Failure('SecretUnavailable', `The secret file ${path} is too large to be one`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read';
    throw new Failure('SecretUnavailable', `The secret file ${path} cannot be read: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * What others can write is theirs. What others can read is left to `doctor` and the security checks to tell:
 * containers mount secrets with mode 644, where there are no others.
 */
function refuseOpenFile(path: string, mode: number): void {
  if ((mode & 0o022) === 0 || process.platform === 'win32') return;
  const shown = (mode & 0o777).toString(8);
  throw new Failure('SecretUnavailable', `Other users can change the secret file ${path} (mode ${shown})`, {
    advice: `Close it: chmod 600 ${path}`,
  });
}
