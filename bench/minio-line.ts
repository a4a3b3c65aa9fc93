import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { MinioServer } from '../tools/minio-server.ts';

export async function makeBucket(
  { endpoint, accessKeyId, secretAccessKey }: MinioServer,
  bucket: string,
): Promise<void> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

/** The line to the server, in a process of its own, so that it takes nothing from whom it serves. */
export async function startLine({ endpoint }: MinioServer, latencyMs: number) {
  const args = [
    fileURLToPath(new URL('latency-proxy.ts', import.meta.url)),
    new URL(endpoint).port,
    String(latencyMs),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    origin: `http://127.0.0.1:${Number(line.toString())}`,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      child.kill();
    },
  };
}
