import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { Failure, isFailure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import { freePort } from './free-port.ts';
import { type ServerAccount, serverAccount } from './server-account.ts';
import { type ServerProcess, startServerProcess, waitUntilReady } from './server-process.ts';
import { runStep } from './step.ts';

export interface PostgresServerOptions {
  readonly binDir: string;
  /**
   * The cluster's folder, made when missing; the password is kept beside it in `<dataDir>.password` (mode
   * 600). Without it the cluster lives in a temporary folder that `stop` removes.
   */
  readonly dataDir?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Settings of postgresql.conf for this run. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** Superuser. */
  readonly user: string;
  readonly password: Secret;
  /** Connection URL of the database `postgres`, with the password. */
  readonly url: Secret;
  readonly dataDir: string;
  readonly pid: number;
  /** Fast shutdown: ends sessions, writes a checkpoint. Safe to repeat. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const user = 'postgres';
const startTimeoutMs = 60_000;
const portAttempts = 3;

/**
 * Starts a PostgreSQL of our own on the loopback interface, with a password, as a child that ends with us.
 * Run by root, the server itself runs as an unprivileged user.
 * @throws {Failure} ToolFailed with the server's last lines
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const signal = options.signal ?? new AbortController().signal;
  const temporary = options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'postgres-')) : undefined;
  const removeTemporary = async (): Promise<void> => {
    if (temporary) await rm(temporary, { recursive: true, force: true });
  };
  try {
    const dataDir = resolve(options.dataDir ?? join(temporary ?? '', 'data'));
    const cluster = await prepareCluster(options.binDir, dataDir, signal);
    const { server, port } = await startOnFreePort({ ...options, signal }, cluster);
    const password = cluster.password;
    return {
      host,
      port,
      user,
      password,
      url: new Secret(`postgresql://${user}:${password.reveal()}@${host}:${port}/postgres`),
      dataDir,
      pid: server.pid,
      stop: async () => {
        await server.stop('SIGINT');
        await removeTemporary();
      },
    };
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

interface Cluster {
  readonly dataDir: string;
  readonly password: Secret;
  readonly account: ServerAccount | undefined;
}

/** Makes the cluster unless it is there. */
async function prepareCluster(binDir: string, dataDir: string, signal: AbortSignal): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const account = await serverAccount(dataDir, [join(binDir, 'postgres')]);
  const passwordFile = `${dataDir}.password`;
  const isNew = await access(join(dataDir, 'PG_VERSION')).then(
    () => false,
    () => true,
  );
  if (isNew) {
    // Hexadecimal digits need no quoting in URLs and files.
    await writeFile(passwordFile, randomBytes(16).toString('hex'), { mode: 0o600 });
    if (account) await chown(passwordFile, account.uid, account.uid);
    await initialise({ binDir, dataDir, passwordFile, account }, signal);
  }
  return { dataDir, account, password: new Secret((await readFile(passwordFile, 'utf8')).trim()) };
}

interface NewCluster {
  readonly binDir: string;
  readonly dataDir: string;
  readonly passwordFile: string;
  readonly account: ServerAccount | undefined;
}

async function initialise(
  { binDir, dataDir, passwordFile, account }: NewCluster,
  signal: AbortSignal,
): Promise<void> {
  const settings = ['--username', user, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const locale = ['--encoding', 'UTF8', '--locale', 'C.UTF-8'];
  const command = [join(binDir, 'initdb'), '--pgdata', dataDir, ...settings, ...locale];
  const [program = '', ...args] = [...(account?.prefix ?? []), ...command];
  await runStep({ command: program, args, env: serverEnvironment(dataDir), signal });
}

async function startOnFreePort(
  options: PostgresServerOptions & { readonly signal: AbortSignal },
  cluster: Cluster,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(options.port);
    try {
      return { port, server: await startOnPort(port, options, cluster) };
    } catch (error) {
      const taken = isFailure(error) && error.message.includes('Address already in use');
      if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

async function startOnPort(
  port: number,
  { binDir, settings = {}, signal }: PostgresServerOptions & { readonly signal: AbortSignal },
  { dataDir, password, account }: Cluster,
): Promise<ServerProcess> {
  const all = { listen_addresses: host, port: String(port), unix_socket_directories: '', ...settings };
  const settingArgs = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...(account?.prefix ?? []), join(binDir, 'postgres'), '-D', dataDir, ...settingArgs];
  const [program = '', ...args] = command;
  const server = startServerProcess({
    name: 'PostgreSQL',
    command: program,
    args,
    env: serverEnvironment(dataDir),
  });
  await waitUntilReady({
    name: 'PostgreSQL',
    process: server,
    answers: () => answers(port, password),
    timeoutMs: startTimeoutMs,
    signal,
  });
  return server;
}

/** The home of an unprivileged user may be nowhere. */
function serverEnvironment(dataDir: string): Readonly<Record<string, string>> {
  return { HOME: dataDir };
}

/** Codes that mean "not yet": connection refused or cut, `cannot_connect_now`. */
const notYetCodes = ['ECONNREFUSED', 'ECONNRESET', '57P03'];

async function answers(port: number, password: Secret): Promise<boolean> {
  const client = new pg.Client({ host, port, user, password: password.reveal(), database: 'postgres' });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code === 'string' && notYetCodes.includes(code)) return false;
    throw new Failure('ToolFailed', 'The PostgreSQL that was started refuses its own password', {
      advice: 'The port may belong to another server, or the file with the password to another cluster.',
      cause: error,
    });
  } finally {
    await client.end().catch(() => {});
  }
}
