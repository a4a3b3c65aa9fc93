import { resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { isFailure } from '../contracts/failures.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import { freePort } from './free-port.ts';
import { startServerProcess, waitUntilReady } from './server-process.ts';

export interface TemporalServerOptions {
  /** The `temporal` program (tools/temporal.ts). */
  readonly executable: string;
  /** SQLite file that keeps everything between runs; made when missing. Default: in memory. */
  readonly dbFilename?: string;
  /** Default: a free port. */
  readonly port?: number;
  /** Port of the Web UI. Default: a free port. */
  readonly uiPort?: number;
  /** Starts no Web UI. */
  readonly headless?: boolean;
  /** Default: `default`. */
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

export interface TemporalServer {
  /** "127.0.0.1:7233". */
  readonly address: string;
  readonly namespace: string;
  /** Undefined if there is no Web UI. */
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Resolves when the server has ended, to how it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** Safe to repeat. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const startTimeoutMs = 60_000;
const portAttempts = 3;

/** Names that the command line gives to the types of search attributes. */
const attributeTypes = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/**
 * Starts Temporal's development server on the loopback interface, with our search attributes, as a child that
 * ends with us. Resolves once it answers for its namespace.
 * @throws {Failure} ToolFailed with the server's last lines
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      const taken = isFailure(error) && /address already in use|can't set frontend port/i.test(error.message);
      const chosen = options.port !== undefined || options.uiPort !== undefined;
      if (!taken || chosen || attempt === portAttempts) throw error;
    }
  }
}

async function startOnce(options: TemporalServerOptions): Promise<TemporalServer> {
  const { executable, headless = false, namespace = 'default' } = options;
  const address = `${host}:${await freePort(options.port)}`;
  const uiPort = headless ? undefined : await freePort(options.uiPort);
  const process = startServerProcess({
    name: 'Temporal',
    command: executable,
    args: serverArgs({ address, uiPort, namespace, dbFilename: options.dbFilename }),
  });
  await waitUntilReady({
    name: 'Temporal',
    process,
    answers: () => answers(address, namespace),
    timeoutMs: startTimeoutMs,
    signal: options.signal ?? new AbortController().signal,
  });
  return {
    address,
    namespace,
    uiUrl: uiPort === undefined ? undefined : `http://${host}:${uiPort}`,
    pid: process.pid,
    ended: process.ended,
    // In order takes a second, which is for the file.
    stop: () => process.stop(options.dbFilename === undefined ? 'SIGKILL' : 'SIGTERM'),
  };
}

interface Endpoints {
  readonly address: string;
  readonly uiPort: number | undefined;
  readonly namespace: string;
  readonly dbFilename: string | undefined;
}

function serverArgs({ address, uiPort, namespace, dbFilename }: Endpoints): readonly string[] {
  const port = address.slice(address.lastIndexOf(':') + 1);
  const ui = uiPort === undefined ? ['--headless'] : ['--ui-ip', host, '--ui-port', String(uiPort)];
  const file = dbFilename === undefined ? [] : ['--db-filename', resolve(dbFilename)];
  const attributes = Object.values(searchAttributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${attributeTypes[type]}`,
  ]);
  const network = ['--ip', host, '--port', port, '--namespace', namespace];
  return ['server', 'start-dev', '--log-level', 'error', ...network, ...ui, ...file, ...attributes];
}

/** Whether the server knows the namespace, which it makes after it has started. */
async function answers(address: string, namespace: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
