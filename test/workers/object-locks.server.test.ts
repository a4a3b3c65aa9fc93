import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { startBackup } from '../../control/backup.ts';
import { runResult } from '../../control/runs.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { Bucket } from '../../stores/s3/bucket/bucket.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { type MinioServer, minioClient, minioServer } from '../servers/minio.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { fillWithRandomFiles } from './installation.ts';
import { runByHand } from './run-by-hand.ts';

const objectLock = { mode: 'governance', days: 2 } as const;
const access = { region: 'us-east-1', accessKeyId: 'env:MINIO_ID', secretAccessKey: 'env:MINIO_SECRET' };
const password = 'locked away';

describe('object locks', () => {
  let server: TemporalServer;
  let minio: MinioServer;

  before(async () => {
    minio = await minioServer();
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('are renewed for every object of a repository, and proved', async (t) => {
    const { url, env } = place(minio);
    await makeLockedRepository(url, env);
    const { installation, control } = await workBench(t, server.address, {
      installation: {
        moreRepositories: `  locked:
    url: "${url}"
    password: "env:LOCKED"
    s3:
      region: us-east-1
      accessKeyId: "env:MINIO_ID"
      secretAccessKey: "env:MINIO_SECRET"
      objectLock: { mode: governance, days: 2 }`,
        more: 'defaultRepository: locked',
      },
      worker: { env: { ...env, LOCKED: password } },
    });
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    const { snapshot } = await runResult(await startBackup(control, { source: 'docs' }));
    const result = await runByHand(control, 'extendObjectLocks', {});
    assert.partialDeepStrictEqual(result, { repositories: [{ repository: 'locked' }] });
    // A key, a config, a snapshot, an index, a pack of data, a pack of trees.
    assert.match(JSON.stringify(result), /"objects":[6-9]/);
    assert.ok(snapshot);
  });

  test('are refused with the reason where the bucket was not made for them', async () => {
    const { url, env, name } = place(minio);
    const bucket = await Bucket.open(url, { env, s3: access });
    const { signal } = new AbortController();
    await bucket.apply([{ kind: 'create', objectLock: false }], signal);
    bucket.close();
    const client = minioClient(minio);
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }));
    client.destroy();
    await assert.rejects(makeLockedRepository(url, env, false), /s3:PutObject failed on bucket/);
  });
});

function place({ endpoint, accessKeyId, secretAccessKey }: MinioServer) {
  const name = `locked-${randomBytes(8).toString('hex')}`;
  const env = { ...process.env, MINIO_ID: accessKeyId, MINIO_SECRET: secretAccessKey };
  return { name, url: `s3:${endpoint}/${name}/repository`, env };
}

async function makeLockedRepository(url: string, env: NodeJS.ProcessEnv, withBucket = true): Promise<void> {
  const settings = { env, s3: { ...access, objectLock } };
  if (withBucket) {
    const bucket = await Bucket.open(url, settings);
    const { signal } = new AbortController();
    await bucket.apply((await bucket.plan({}, signal)).steps, signal);
    bucket.close();
  }
  const repository = await Repository.init(await openStore(url, settings), new Secret(password));
  await repository.close();
}
