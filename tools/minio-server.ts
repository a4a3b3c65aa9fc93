import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startServerProcess, waitUntilReady } from './server-process.ts';

export interface MinioServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface MinioOptions {
  /** Path of the program. */
  readonly executable: string;
  /** Folder for its objects, which is kept; else one of its own, removed at the end. */
  readonly folder?: string;
  /** Where its buckets lie, as it says; default: us-east-1. */
  readonly region?: string;
  readonly signal?: AbortSignal;
}

/**
 * Starts MinIO on the loopback interface.
 * @throws {Failure} ToolFailed
 */
export async function startMinio(options: MinioOptions): Promise<MinioServer & { stop(): Promise<void> }> {
  const { executable, signal = new AbortController().signal } = options;
  const own = options.folder === undefined ? await mkdtemp(join(tmpdir(), 'resguardo-minio-')) : undefined;
  const folder = options.folder ?? own ?? '';
  const address = `127.0.0.1:${await freePort()}`;
  const [accessKeyId, secretAccessKey] = ['test', randomBytes(12).toString('hex')];
  const server = startServerProcess({
    name: 'MinIO',
    command: executable,
    args: ['server', '--quiet', '--address', address, '--console-address', '127.0.0.1:0', folder],
    env: {
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_CI_CD: '1',
      ...(options.region !== undefined && { MINIO_SITE_REGION: options.region }),
    },
  });
  const endpoint = `http://${address}`;
  const removeOwn = async (): Promise<void> => {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  };
  try {
    const answers = () => answersOk(`${endpoint}/minio/health/ready`);
    await waitUntilReady({ name: 'MinIO', process: server, answers, timeoutMs: 60_000, signal });
  } catch (error) {
    await removeOwn();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await server.stop('SIGTERM', 3_000);
    await removeOwn();
  };
  return { endpoint, accessKeyId, secretAccessKey, stop };
}

async function answersOk(url: string): Promise<boolean> {
  return await fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
