import { readFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { Failure } from '../contracts/failures.ts';
import type { FilesSourceConfiguration } from './files-schema.ts';
import {
  configurationFromEnvironment,
  type EnvironmentConfiguration,
  variableOf,
} from './from-environment.ts';
import { notificationsWithPaths } from './notification-paths.ts';
import { type ConfigurationText, fieldProblems, syntaxProblem } from './problems.ts';
import { withEnvironments, withReferencePaths } from './program-paths.ts';
import { absoluteReference } from './references.ts';
import { repositoryWithPaths } from './repository-paths.ts';
import { configurationSchema, type ParsedConfiguration } from './schema.ts';

/** The configuration with every default filled in and every path absolute; checked as a whole. */
export interface Configuration extends ParsedConfiguration {
  /** The file that it was read from; absent when it is made of environment variables. */
  readonly file?: string;
  /** What is asked for and not done yet: people must hear of it. */
  readonly warnings: readonly string[];
  readonly host: string;
  readonly stateDir: string;
}

export interface LoadOptions {
  /** Given by --config; otherwise RESGUARDO_CONFIG, ./resguardo.yaml, /etc/resguardo/resguardo.yaml. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

const systemFile = '/etc/resguardo/resguardo.yaml';

/**
 * Reads and checks the configuration. Where no file is named and none is there, the environment variables of
 * older scripts are it (from-environment.ts).
 * @throws {Failure} InvalidConfiguration with a line for each problem: file:line:column: field: what is wrong
 */
export async function loadConfiguration(options: LoadOptions): Promise<Configuration> {
  const read = await readFirst(options);
  return 'content' in read
    ? parseConfiguration(read.file, read.content, options.env)
    : fromEnvironment(read, options);
}

/** Checks the text of a configuration file; `file` is an absolute path, from which relative ones start. */
export function parseConfiguration(file: string, content: string, env: NodeJS.ProcessEnv): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const text: ConfigurationText = { file, document, lines };
  const broken = syntaxProblem(text);
  if (broken !== undefined) throw broken;
  const result = configurationSchema.safeParse(document.toJS() ?? {});
  if (!result.success) throw fieldProblems(text, result.error.issues);
  checkReferences(file, result.data);
  return { ...withPaths(path.dirname(file), result.data, env), file, warnings: [] };
}

function fromEnvironment(
  { input, problems, warnings }: EnvironmentConfiguration,
  { cwd, env }: LoadOptions,
): Configuration {
  const result = configurationSchema.safeParse(input);
  const wrong = result.success
    ? problems
    : [...problems, ...result.error.issues.map((issue) => `${variableOf(issue.path)}: ${issue.message}`)];
  if (result.success && wrong.length === 0) return { ...withPaths(cwd, result.data, env), warnings };
  throw new Failure('InvalidConfiguration', wrong.map((problem) => `environment: ${problem}`).join('\n'), {
    advice: 'Correct these environment variables, or write resguardo.yaml: `resguardo init`.',
  });
}

async function readFirst({
  file,
  env,
  cwd,
}: LoadOptions): Promise<{ readonly file: string; readonly content: string } | EnvironmentConfiguration> {
  const named = file ?? env.RESGUARDO_CONFIG;
  const candidates = named === undefined ? ['resguardo.yaml', systemFile] : [named];
  for (const candidate of candidates) {
    const absolute = path.resolve(cwd, candidate);
    const content = await readText(absolute);
    if (content !== undefined) return { file: absolute, content };
  }
  const environment = named === undefined ? configurationFromEnvironment(env) : undefined;
  if (environment !== undefined) return environment;
  const message =
    named === undefined
      ? `There is no configuration: neither resguardo.yaml in ${cwd} nor ${systemFile}`
      : `There is no configuration file ${path.resolve(cwd, named)}`;
  throw new Failure('InvalidConfiguration', message, {
    advice: 'Write one by `resguardo init`, or name it by --config FILE or RESGUARDO_CONFIG.',
  });
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    throw new Failure('InvalidConfiguration', `The configuration file ${file} cannot be read: ${code}`, {
      advice: 'Give the user of this process the right to read the file.',
      cause: error,
    });
  }
}

/** Names in one part of the file must be there in the other. */
function checkReferences(file: string, configuration: ParsedConfiguration): void {
  const { repositories, defaultRepository, defaultCopies, sources, schedules } = configuration;
  const names = Object.keys(repositories);
  const known = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`;
  const problems: string[] = [];
  if (names.length === 0) problems.push('repositories: at least one is needed');
  if (defaultRepository !== undefined && !names.includes(defaultRepository)) {
    problems.push(`defaultRepository: there is no repository ${defaultRepository}; ${known}`);
  }
  const copies = [
    ...defaultCopies.map((copy) => ['defaultCopies', copy] as const),
    ...Object.entries(sources).flatMap(([name, source]) =>
      (source.copies ?? []).map((copy) => [`sources.${name}.copies`, copy] as const),
    ),
    ...Object.keys(schedules.repository_copies.repositories).map(
      (copy) => ['schedules.repository_copies.repositories', copy] as const,
    ),
  ];
  for (const [field, copy] of copies) {
    if (!names.includes(copy)) problems.push(`${field}: there is no repository ${copy}; ${known}`);
  }
  for (const [name, source] of Object.entries(sources)) {
    const repository = source.repository ?? defaultRepository ?? (names.length === 1 ? names[0] : undefined);
    if (repository === undefined) {
      problems.push(
        `sources.${name}.repository: is needed, or defaultRepository, because there are several repositories`,
      );
    } else if (!names.includes(repository)) {
      problems.push(`sources.${name}.repository: there is no repository ${repository}; ${known}`);
    }
  }
  if (problems.length === 0) return;
  throw new Failure('InvalidConfiguration', problems.map((problem) => `${file}: ${problem}`).join('\n'));
}

/** Relative paths start at the folder. */
function withPaths(
  folder: string,
  parsed: ParsedConfiguration,
  env: NodeJS.ProcessEnv,
): Omit<Configuration, 'file' | 'warnings'> {
  const repositories = Object.entries(parsed.repositories).map(
    ([name, repository]) => [name, repositoryWithPaths(folder, repository)] as const,
  );
  const sources = Object.entries(parsed.sources).map(([name, source]) => {
    const { restore, ...own } = source.hooks;
    const hooks = { ...withEnvironments(folder, own), restore: withEnvironments(folder, restore) };
    if (source.kind === 'files') return [name, { ...withSourcePaths(folder, source), hooks }] as const;
    if (source.kind === 'command') {
      return [name, { ...source, env: withReferencePaths(folder, source.env), hooks }] as const;
    }
    return [name, { ...source, ...withConnection(folder, source.connection), hooks }] as const;
  });
  return {
    ...parsed,
    host: parsed.host ?? hostname(),
    stateDir: parsed.stateDir === undefined ? defaultStateDir(env) : path.resolve(folder, parsed.stateDir),
    ...(parsed.prices !== undefined && { prices: path.resolve(folder, parsed.prices) }),
    temporal: withKeyPaths(folder, parsed.temporal),
    notifications: notificationsWithPaths(folder, parsed.notifications),
    api: apiWithKey(folder, parsed.api, env),
    catalog:
      parsed.catalog.connection === undefined
        ? {}
        : { connection: absoluteReference(folder, parsed.catalog.connection) },
    repositories: Object.fromEntries(repositories),
    hooks: withEnvironments(folder, parsed.hooks),
    sources: Object.fromEntries(sources),
  };
}

function withSourcePaths(folder: string, source: FilesSourceConfiguration): FilesSourceConfiguration {
  const absolute = (paths: readonly string[]): string[] => paths.map((given) => path.resolve(folder, given));
  return {
    ...source,
    paths: absolute(source.paths),
    excludeFile: absolute(source.excludeFile),
    iexcludeFile: absolute(source.iexcludeFile),
  };
}

function withKeyPaths(
  folder: string,
  temporal: ParsedConfiguration['temporal'],
): ParsedConfiguration['temporal'] {
  const { encryption } = temporal;
  if (encryption === undefined) return temporal;
  const key = absoluteReference(folder, encryption.key);
  const oldKeys = encryption.oldKeys.map((old) => absoluteReference(folder, old));
  return { ...temporal, encryption: { key, oldKeys } };
}

function apiWithKey(
  folder: string,
  api: ParsedConfiguration['api'],
  env: NodeJS.ProcessEnv,
): ParsedConfiguration['api'] {
  const key = api.key ?? (env.BACKUP_API_KEY ? 'env:BACKUP_API_KEY' : undefined);
  return key === undefined ? api : { ...api, key: absoluteReference(folder, key) };
}

/** The connection of a source with the paths of its references made absolute. */
function withConnection<Fields extends { readonly password?: string | undefined }>(
  folder: string,
  connection: string | Fields,
): { readonly connection: string | Fields } {
  if (typeof connection === 'string') return { connection: absoluteReference(folder, connection) };
  if (connection.password === undefined) return { connection };
  return { connection: { ...connection, password: absoluteReference(folder, connection.password) } };
}

function defaultStateDir(env: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/resguardo';
  return path.join(env.XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'resguardo');
}
