import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Repository } from '../../../repository/repository.ts';
import { Secret } from '../../../secrets/secret.ts';
import { openStore } from '../../../stores/open.ts';
import { Bucket } from '../../../stores/s3/bucket/bucket.ts';
import type { StoreSettings } from '../../../stores/settings.ts';
import { Restic } from '../../repository/interop/restic.ts';
import { minioClient, minioServer } from '../../servers/minio.ts';

const dayMs = 86_400_000;

test('a bucket is made with versions and rules, and then is as it should be', async (t) => {
  const { bucket, client, name } = await setting(t);
  const { signal } = new AbortController();
  const first = await bucket.plan({}, signal);
  assert.deepEqual(
    first.steps.map(({ kind }) => kind),
    ['create', 'versioning', 'encryption', 'publicAccessBlock', 'lifecycle'],
  );
  const applied = await bucket.apply(first.steps, signal);
  assert.deepEqual(
    applied.filter(({ outcome }) => outcome === 'done').map(({ step }) => step.kind),
    ['create', 'versioning', 'lifecycle'],
    'what this server does not know is told apart',
  );
  const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }));
  assert.deepEqual(
    Rules.map(({ ID }) => ID),
    ['resguardo'],
  );
  assert.ok(Rules.every(({ Expiration, Transitions }) => !Expiration?.Days && !Transitions));
  const again = await bucket.plan({}, signal);
  assert.deepEqual(again.harmful, []);
  assert.equal(
    again.steps.some(({ kind }) => ['create', 'versioning', 'lifecycle'].includes(kind)),
    false,
  );
});

test("somebody's rule that expires what a repository needs is called harmful, and kept", async (t) => {
  const { bucket, client, name } = await setting(t);
  const { signal } = new AbortController();
  await bucket.apply((await bucket.plan({}, signal)).steps, signal);
  const theirs = {
    ID: 'old-logs',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    Expiration: { Days: 30 },
  };
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration: { Rules: [theirs] } }),
  );
  const { harmful, steps } = await bucket.plan({}, signal);
  assert.deepEqual(harmful, [
    { id: 'old-logs', harm: 'expires', description: 'deletes objects after 30 days' },
  ]);
  await bucket.apply(steps, signal);
  const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }));
  assert.ok(
    Rules.some(({ ID }) => ID === 'old-logs'),
    'the mend is left to its owner',
  );
});

test('locked objects cannot be removed, locks are renewed, and restic works on', async (t) => {
  const { bucket, client, name, url, settings } = await setting(t, { mode: 'governance', days: 2 });
  const { signal } = new AbortController();
  await bucket.apply((await bucket.plan({}, signal)).steps, signal);
  const password = new Secret('lock test');
  const repository = await Repository.init(await openStore(url, settings), password);
  const lock = await repository.lock({ exclusive: false, signal });
  await lock.release();
  await repository.close();

  const versions = await versionsOf(client, name);
  const kept = versions.filter(({ Key = '' }) => !Key.includes('/locks/'));
  assert.ok(kept.length >= 2, 'a key and a config');
  for (const { Key, VersionId } of kept) {
    await assert.rejects(client.send(new DeleteObjectCommand({ Bucket: name, Key, VersionId })), Key);
  }
  const lockFiles = versions.filter(({ Key = '' }) => Key.includes('/locks/'));
  for (const { Key, VersionId } of lockFiles) {
    await client.send(new DeleteObjectCommand({ Bucket: name, Key, VersionId }));
  }

  assert.equal(await bucket.proveLock(new Date(), signal), 'refused');
  const later = new Date(Date.now() + 10 * dayMs);
  const { objects } = await bucket.renewLocks(later, signal, () => {});
  assert.equal(objects, kept.length);
  const [first] = kept;
  const retention = await client.send(
    new GetObjectRetentionCommand({ Bucket: name, Key: first?.Key, VersionId: first?.VersionId }),
  );
  const until = retention.Retention?.RetainUntilDate?.getTime() ?? 0;
  assert.ok(until > later.getTime() + dayMs, 'the lock lasts as long as is configured, from now on');

  const restic = await Restic.of('0.19.1', url, password);
  assert.match(await restic.run('check'), /no errors were found/);
});

test('a bucket without object lock cannot be given it', async (t) => {
  const { bucket } = await setting(t);
  const { signal } = new AbortController();
  await bucket.apply((await bucket.plan({}, signal)).steps, signal);
  const { impossible } = await bucket.plan({ objectLock: true }, signal);
  assert.match(impossible.join(), /switched on when a bucket is made/);
});

async function setting(t: TestContext, objectLock?: NonNullable<StoreSettings['s3']>['objectLock']) {
  const server = await minioServer();
  const client = minioClient(server);
  const name = `bucket-${randomBytes(8).toString('hex')}`;
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
  Object.assign(process.env, env);
  const settings: StoreSettings = { env, s3: { region: 'us-east-1', objectLock } };
  const url = `s3:${server.endpoint}/${name}/repository`;
  const bucket = await Bucket.open(url, settings);
  t.after(async () => {
    bucket.close();
    await removeAll(client, name).catch(() => {});
    client.destroy();
  });
  return { bucket, client, name, url, settings };
}

async function versionsOf(client: S3Client, Bucket: string) {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions, ...DeleteMarkers];
}

/** Governance can be lifted by who has the right to, which the test has. */
async function removeAll(client: S3Client, Bucket: string): Promise<void> {
  for (const { Key, VersionId } of await versionsOf(client, Bucket)) {
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }));
  }
  await client.send(new DeleteBucketCommand({ Bucket }));
}
