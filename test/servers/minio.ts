import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { ensureMinio } from '../../tools/minio.ts';
import { type MinioServer, startMinio } from '../../tools/minio-server.ts';
import { environmentNames, printNotice } from './environment.ts';

export type { MinioServer };

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<MinioServer & { stop(): Promise<void> }> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * A MinIO, shared with other test files: make buckets and users of your own.
 * @throws {Failure} ToolMissing
 */
export async function minioServer(): Promise<MinioServer> {
  const given = process.env[environmentNames.minio];
  if (given !== undefined) return JSON.parse(given);
  own ??= ensureMinio({ onNotice: printNotice }).then((executable) => startMinio({ executable }));
  return own;
}

export interface TestBucket {
  readonly name: string;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

/** Makes an empty bucket with a name of its own. */
export async function createBucket(server: MinioServer, region?: string): Promise<TestBucket> {
  const client = minioClient(server, region);
  const name = `test-${randomBytes(8).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return {
    name,
    remove: async () => {
      await empty(client, name);
      await client.send(new DeleteBucketCommand({ Bucket: name }));
      client.destroy();
    },
  };
}

/** A client with all rights. */
export function minioClient(
  { endpoint, accessKeyId, secretAccessKey }: MinioServer,
  region = 'us-east-1',
): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, forcePathStyle: true, credentials });
}

async function empty(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  }
}
