import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { databaseUrlOf, schemeOf } from '../configuration/database-url.ts';
import type { FolderFacts, MachineFacts, OtherService, PlaceFacts, PostgresServer } from './facts.ts';
import { findMysql } from './probe-mysql.ts';

export interface ProbeOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly host: string;
  readonly home: string;
  readonly isRoot: boolean;
  readonly signal: AbortSignal;
  /** Where to look; tests look elsewhere. */
  readonly search?: SearchPlaces;
}

export interface SearchPlaces {
  readonly socketFolders: readonly string[];
  readonly ports: readonly number[];
  /** Sockets of MySQL and MariaDB, and ports where they may listen. */
  readonly mysql: { readonly sockets: readonly string[]; readonly ports: readonly number[] };
  readonly folders: readonly string[];
  /** Folders that are made for copies, best first. */
  readonly copies: readonly string[];
  /** Parents of mounted disks. */
  readonly mounts: readonly string[];
  readonly services: readonly { readonly name: string; readonly socket: string }[];
}

const probeTimeoutMs = 1000;

/** PostgreSQL's own request for encryption, which every version answers with one letter (protocol, SSLRequest). */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

const variables = ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD', 'RESTIC_PASSWORD_FILE', 'SLACK_WEBHOOK_URL'];

/** Looks at the machine, changes nothing, and asks nothing that needs a password. */
export async function probeMachine(options: ProbeOptions): Promise<MachineFacts> {
  const { env, host, home, isRoot, signal, search = usualPlaces(options) } = options;
  const [postgres, mysql, others, folders, places] = await Promise.all([
    findPostgres(search, signal),
    findMysql(search.mysql, signal),
    findServices(search),
    findFolders(search.folders),
    findPlaces(search),
  ]);
  const restic = resticFacts(env);
  const database = databaseUrlOf(schemeOf(env.DATABASE_URL ?? ''));
  return {
    host,
    isRoot,
    home,
    postgres,
    mysql,
    others: [...others, ...otherDatabase(env)],
    folders,
    places,
    ...(database === undefined ? {} : { databaseUrl: database.kind }),
    variables: variables.filter((name) => env[name]),
    ...(restic === undefined ? {} : { restic }),
  };
}

function usualPlaces({ isRoot, home }: ProbeOptions): SearchPlaces {
  const system = ['/etc', '/home', '/root', '/srv', '/var/www', '/opt', '/usr/local', '/var/spool/cron'];
  return {
    socketFolders: ['/var/run/postgresql', '/tmp'],
    ports: [5432, 5433, 5434],
    mysql: {
      sockets: ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock', '/tmp/mysql.sock'],
      ports: [3306, 3307],
    },
    folders: isRoot ? system : [home],
    copies: [...(isRoot ? ['/backup', '/backups', '/srv/backup', '/var/backups'] : []), home],
    mounts: ['/mnt', '/media'],
    services: [{ name: 'Docker', socket: '/var/run/docker.sock' }],
  };
}

/** A server that listens on a socket and on a port is named once, by its socket. */
async function findPostgres(
  { socketFolders, ports }: SearchPlaces,
  signal: AbortSignal,
): Promise<readonly PostgresServer[]> {
  const sockets = await Promise.all(
    socketFolders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names
        .map((name) => /^\.s\.PGSQL\.(\d+)$/.exec(name)?.[1])
        .filter((port) => port !== undefined)
        .map((port) => ({ host: folder, port: Number(port) }));
    }),
  );
  const candidates = [...sockets.flat(), ...ports.map((port) => ({ host: '127.0.0.1', port }))];
  const answers = await Promise.all(candidates.map((server) => isPostgres(server, signal)));
  const found = candidates.filter((_, index) => answers[index]);
  return found.filter(({ port }, index) => found.findIndex((other) => other.port === port) === index);
}

async function isPostgres({ host, port }: PostgresServer, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const socket = host.startsWith('/')
    ? connect({ path: path.join(host, `.s.PGSQL.${port}`) })
    : connect({ host, port });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => socket.write(sslRequest));
      socket.once('data', (answer) =>
        resolve(answer.length === 1 && 'SN'.includes(answer.toString('latin1'))),
      );
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      limit.addEventListener('abort', () => resolve(false), { once: true });
    });
  } finally {
    socket.destroy();
  }
}

async function findServices({ services }: SearchPlaces): Promise<readonly OtherService[]> {
  const there = await Promise.all(services.map(({ socket }) => stat(socket).then(Boolean, () => false)));
  return services.filter((_, index) => there[index]).map(({ name, socket }) => ({ name, where: socket }));
}

/** A database that DATABASE_URL names and that is not one of ours. Nothing of the URL but its scheme is kept. */
function otherDatabase({ DATABASE_URL: url = '' }: NodeJS.ProcessEnv): readonly OtherService[] {
  const scheme = schemeOf(url);
  const isOther = scheme !== undefined && databaseUrlOf(scheme) === undefined;
  return isOther ? [{ name: `${scheme}://`, where: 'DATABASE_URL' }] : [];
}

/** Folders that hold something. */
async function findFolders(candidates: readonly string[]): Promise<readonly FolderFacts[]> {
  const found = await Promise.all(
    candidates.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names.length === 0 ? [] : [{ path: folder, device: (await stat(folder)).dev }];
    }),
  );
  return found.flat();
}

async function findPlaces({ copies, mounts }: SearchPlaces): Promise<readonly PlaceFacts[]> {
  const mounted = await Promise.all(
    mounts.map(async (parent) => {
      const names = await readdir(parent).catch(() => []);
      const parentDevice = await stat(parent).then(
        ({ dev }) => dev,
        () => undefined,
      );
      const places = (await Promise.all(names.map((name) => placeAt(path.join(parent, name))))).flat();
      return places.filter(({ device }) => device !== parentDevice);
    }),
  );
  const others = await Promise.all(copies.map(placeAt));
  return [...mounted.flat(), ...others.flat()];
}

async function placeAt(folder: string): Promise<readonly PlaceFacts[]> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    const { dev } = await stat(folder);
    const { bavail, bsize } = await statfs(folder);
    return [{ path: folder, device: dev, freeBytes: bavail * bsize }];
  } catch {
    return [];
  }
}

function resticFacts(env: NodeJS.ProcessEnv): MachineFacts['restic'] {
  const { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD_FILE: passwordFile } = env;
  // A URL with a password in it is not repeated in a file.
  if (!repository || /:\/\/[^/\s]*:[^/\s]*@/.test(repository)) return undefined;
  return { repository, ...(passwordFile ? { passwordFile } : {}) };
}
