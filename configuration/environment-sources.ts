import { splitUrls } from '../secrets/url-list.ts';
import { databaseUrlOf, postgresUrl, schemeOf } from './database-url.ts';
import type { ConfigurationInput } from './schema.ts';

/** Sources that the variables of older scripts name. Nothing of a URL but host and database is kept. */

type Sources = NonNullable<ConfigurationInput['sources']>;
type Source = Sources[string];

export interface EnvironmentSources {
  readonly sources: Sources;
  /** What cannot be understood: each names its variable and never repeats its value. */
  readonly problems: readonly string[];
  /** What is understood and not done yet. */
  readonly warnings: readonly string[];
}

interface Found {
  readonly name: string;
  /** Kind and server of a database: both ways to name it may stand side by side. */
  readonly host?: string;
  readonly source: Source;
}

export function sourcesFromEnvironment(env: NodeJS.ProcessEnv): EnvironmentSources {
  const problems: string[] = [];
  const warnings: string[] = [];
  const listed = connectionList(env, problems, warnings);
  const single = singleDatabase(env, problems, warnings).filter(
    ({ name, host }) => !listed.some((other) => other.name === name && other.host === host),
  );
  const found = [...listed, ...single, ...criticalPaths(env, problems)];
  return { sources: named(found), problems, warnings };
}

const connectionsVariable = 'BACKUP_DB_CONNECTIONS';

function connectionList(env: NodeJS.ProcessEnv, problems: string[], warnings: string[]): readonly Found[] {
  const list = env[connectionsVariable];
  if (!list) return [];
  return splitUrls(list).flatMap((url, index): readonly Found[] => {
    const entry = `${connectionsVariable}, entry ${index + 1}`;
    const scheme = schemeOf(url);
    const form = databaseUrlOf(scheme);
    if (scheme !== undefined && form === undefined) {
      warnings.push(`${entry}: ${scheme}:// is not supported yet; this database is NOT backed up`);
      return [];
    }
    const { kind, url: pattern, example } = form ?? postgresUrl;
    const match = pattern.exec(url);
    if (match === null) {
      problems.push(`${entry}: must be a URL, for example ${example}`);
      return [];
    }
    const [, host = '', encoded = ''] = match;
    const database = decoded(encoded);
    if (database === undefined) {
      problems.push(`${entry}: a "%" in the name of the database must be written as %25`);
      return [];
    }
    const connection = `env:${connectionsVariable}#${index + 1}`;
    if (database === '') return [{ name: host || kind, source: { kind, connection } }];
    const source: Source = { kind, connection, databases: [database] };
    return [{ name: database, host: `${kind} ${host || 'localhost'}`, source }];
  });
}

function singleDatabase(env: NodeJS.ProcessEnv, problems: string[], warnings: string[]): readonly Found[] {
  const { DB_DATABASE: database, DB_CONNECTION: kind, DB_PORT: port } = env;
  if (!database) return [];
  const isMysql = /^(mysql|mariadb)$/i.test(kind ?? '');
  if (kind && !isMysql && !/^(pgsql|postgres.*)$/i.test(kind)) {
    warnings.push(
      `DB_CONNECTION: ${kind} is not supported yet; the database of DB_DATABASE is NOT backed up`,
    );
    return [];
  }
  if (port && !/^\d{1,5}$/.test(port)) {
    problems.push('DB_PORT: must be a port number, for example 5432');
    return [];
  }
  const server = {
    ...(env.DB_HOST ? { host: env.DB_HOST } : {}),
    ...(port ? { port: Number(port) } : {}),
    ...(env.DB_PASSWORD ? { password: 'env:DB_PASSWORD' } : {}),
  };
  const databases = [database];
  const host = env.DB_HOST || 'localhost';
  if (isMysql) {
    const connection = { user: env.DB_USERNAME || 'root', ...server };
    return [{ name: database, host: `mysql ${host}`, source: { kind: 'mysql', connection, databases } }];
  }
  const connection = { user: env.DB_USERNAME || 'postgres', ...server, database };
  return [{ name: database, host: `postgres ${host}`, source: { kind: 'postgres', connection, databases } }];
}

function criticalPaths(env: NodeJS.ProcessEnv, problems: string[]): readonly Found[] {
  const list = env.BACKUP_CRITICAL_PATHS;
  if (!list?.trim()) return [];
  const paths = list
    // A comma or a colon inside of a name is part of it, as long as no path begins behind it.
    .split(/[\r\n]+|[,;:](?=\s*[/~])/)
    .map((entry) => entry.trim().replace(/[,;]+$/, ''))
    .filter((entry) => entry !== '')
    .map((entry) => (/^~(\/|$)/.test(entry) && env.HOME ? `${env.HOME}${entry.slice(1)}` : entry));
  const relative = paths.filter((entry) => !entry.startsWith('/'));
  if (relative.length > 0 || paths.length === 0) {
    problems.push(
      `BACKUP_CRITICAL_PATHS: must list absolute paths, for example /etc,/home; "${relative[0] ?? ''}" is none`,
    );
    return [];
  }
  return [{ name: 'critical-paths', source: { kind: 'files', paths: [...new Set(paths)] } }];
}

/** Gives each source a name of its own that is the same at every start: snapshots are found by it. */
function named(found: readonly Found[]): Sources {
  const sources: Sources = {};
  for (const { name, source } of found) {
    const base = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'database';
    let unique = base.slice(0, 60);
    for (let count = 2; Object.hasOwn(sources, unique); count += 1) unique = `${base.slice(0, 56)}-${count}`;
    sources[unique] = source;
  }
  return sources;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
