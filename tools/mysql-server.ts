import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { isFailure } from '../contracts/failures.ts';
import { freePort } from './free-port.ts';
import { type ServerAccount, serverAccount } from './server-account.ts';
import { type ServerProcess, startServerProcess, waitUntilReady } from './server-process.ts';
import { runStep } from './step.ts';

/** Programs of MariaDB or of MySQL. */
export interface MysqlServerTools {
  /** For messages: "MariaDB". */
  readonly name: string;
  /** Folder with the dump program and the client. */
  readonly binDir: string;
  readonly server: string;
  /** Options that tell the server where its own files are; none for an installed one. */
  readonly placeOptions: readonly string[];
  /** Makes the first data; the options that are given name the folders for data and temporary files. */
  readonly initialise: { readonly command: string; readonly args: readonly string[] };
}

export interface MysqlServerOptions {
  readonly tools: MysqlServerTools;
  /** Folder of the data, made when missing. Without it a temporary one, which `stop` removes. */
  readonly dataDir?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Settings of the server for this run: `{ 'max-connections': '50' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface MysqlServer {
  readonly host: string;
  readonly port: number;
  /** May do everything, and needs no password. */
  readonly user: string;
  readonly pid: number;
  /** Safe to repeat. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const host = '127.0.0.1';
const user = 'root';
const startTimeoutMs = 60_000;
const portAttempts = 3;

/**
 * Starts a MariaDB or MySQL of our own on the loopback interface, with a binary log, as a child that ends with us. Run
 * by root, the server itself runs as an unprivileged user.
 * @throws {Failure} ToolFailed with the server's last lines
 */
export async function startMysqlServer(options: MysqlServerOptions): Promise<MysqlServer> {
  const signal = options.signal ?? new AbortController().signal;
  const folder = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'mysql-')));
  const removeTemporary = async (): Promise<void> => {
    if (options.dataDir === undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    const account = await prepare(options.tools, folder, signal);
    const { server, port } = await startOnFreePort({ ...options, signal }, { folder, account });
    return {
      host,
      port,
      user,
      pid: server.pid,
      stop: async (how = 'SIGTERM') => {
        await server.stop(how);
        await removeTemporary();
      },
    };
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

interface Place {
  readonly folder: string;
  readonly account: ServerAccount | undefined;
}

async function prepare(
  { server, placeOptions, initialise }: MysqlServerTools,
  folder: string,
  signal: AbortSignal,
): Promise<ServerAccount | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const account = await serverAccount(folder, [server]);
  const isNew = await access(join(folder, 'data')).then(
    () => false,
    () => true,
  );
  if (!isNew) return account;
  const args = [
    '--no-defaults',
    ...placeOptions,
    ...initialise.args,
    `--datadir=${join(folder, 'data')}`,
    // TMPDIR may be a folder that is closed to the account of the server.
    `--tmpdir=${folder}`,
  ];
  const [command = server, ...words] = [...(account?.prefix ?? []), initialise.command, ...args];
  await runStep({ command, args: words, signal });
  return account;
}

async function startOnFreePort(
  options: MysqlServerOptions & { readonly signal: AbortSignal },
  place: Place,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(options.port);
    try {
      return { port, server: await startOnPort(port, options, place) };
    } catch (error) {
      const taken =
        isFailure(error) &&
        /Address already in use|Do you already have another .* running/.test(error.message);
      if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

async function startOnPort(
  port: number,
  { tools, settings = {}, signal }: MysqlServerOptions & { readonly signal: AbortSignal },
  { folder, account }: Place,
): Promise<ServerProcess> {
  const all = {
    datadir: join(folder, 'data'),
    socket: join(folder, 'server.sock'),
    'pid-file': join(folder, 'server.pid'),
    tmpdir: folder,
    port: String(port),
    'bind-address': host,
    'log-bin': join(folder, 'data', 'binlog'),
    'server-id': '1',
    'innodb-buffer-pool-size': '64M',
    ...settings,
  };
  const settingArgs = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
  const words = [
    ...(account?.prefix ?? []),
    tools.server,
    '--no-defaults',
    ...tools.placeOptions,
    ...settingArgs,
  ];
  const [command = tools.server, ...args] = words;
  const server = startServerProcess({ name: tools.name, command, args });
  await waitUntilReady({
    name: tools.name,
    process: server,
    answers: () => answers(port),
    timeoutMs: startTimeoutMs,
    signal,
  });
  return server;
}

async function answers(port: number): Promise<boolean> {
  try {
    const connection = await mysql.createConnection({ host, port, user });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
