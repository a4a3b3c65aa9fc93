import { isIP } from 'node:net';
import { apiKey } from '../api/keys.ts';
import { createApi } from '../api/server.ts';
import type { Configuration } from '../configuration/load.ts';
import { Failure } from '../contracts/failures.ts';
import type { Logger } from '../logging/logger.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import { createApiPort } from './api-port.ts';

export interface ApiProcessOptions {
  readonly configuration: Configuration;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly version: string;
  /** Takes a free port if the configured one is taken. */
  readonly anyPort?: boolean;
}

export interface ApiProcess {
  /** "http://127.0.0.1:8484". */
  readonly url: string;
  /** False where no key is configured: then health and readiness alone are answered. */
  readonly hasKey: boolean;
  close(): Promise<void>;
}

/**
 * Starts the API on the address of the configuration.
 * @throws {Failure} InvalidConfiguration when the address is taken, or is not of this machine and there is no
 *   key; SecretUnavailable
 */
export async function startApi(options: ApiProcessOptions): Promise<ApiProcess> {
  const { configuration, env, version, anyPort = false } = options;
  const { listen, key } = configuration.api;
  const { host, port } = addressOf(listen);
  if (key === undefined && !isLoopback(host)) throw keyNeeded(listen);
  const keys = key === undefined ? [] : [apiKey('api', (await resolveSecret(key, env)).reveal())];
  const apiPort = createApiPort(options);
  const app = await createApi({ port: apiPort, keys, version });
  const close = async (): Promise<void> => {
    await app.close();
    await apiPort.close();
  };
  try {
    const url = await app.listen({ host, port }).catch((error: unknown) => {
      if (!anyPort || !isTaken(error)) throw error;
      return app.listen({ host, port: 0 });
    });
    return { url, hasKey: keys.length > 0, close };
  } catch (error) {
    await close();
    throw cannotListen(listen, error);
  }
}

/** The line for people who started it. */
export function describeApi({ url, hasKey }: ApiProcess): string {
  return `API        ${url}${hasKey ? '' : ' (no api.key: health and readiness alone)'}`;
}

function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const end = listen.lastIndexOf(':');
  return { host: listen.slice(0, end).replace(/^\[(.*)\]$/, '$1'), port: Number(listen.slice(end + 1)) };
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host === 'localhost';
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function keyNeeded(listen: string): Failure {
  return new Failure('InvalidConfiguration', `The API must not answer on ${listen} without a key`, {
    advice: 'Set `api.key` or BACKUP_API_KEY, or let it listen on 127.0.0.1.',
  });
}

function cannotListen(listen: string, error: unknown): Failure {
  const reason = isTaken(error) ? 'another program has that port' : String(error);
  return new Failure('InvalidConfiguration', `The API cannot listen on ${listen}: ${reason}`, {
    advice: 'Change `api.listen`, or stop the other program.',
    cause: error,
  });
}
