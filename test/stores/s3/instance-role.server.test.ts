import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { openStore } from '../../../stores/open.ts';
import type { Store } from '../../../stores/store.ts';
import { instanceMetadata } from '../../servers/instance-metadata.ts';
import { createBucket, minioServer } from '../../servers/minio.ts';
import { assumeRole, createUser, removeUser } from '../../servers/minio-user.ts';

const minute = 60_000;

test('the role of an instance opens a bucket, and what it gives is renewed before it ends', async (t) => {
  const { store, metadata, roles } = await instance(t, (real) => ({
    ...real,
    // Within the minutes in which the SDK asks anew.
    expiration: new Date(Date.now() + minute).toISOString(),
  }));
  await writeAndRead(store);
  const before = metadata.asked();
  metadata.give(await roles.second());
  await roles.end();
  await writeAndRead(store);
  assert.ok(metadata.asked() > before);
});

test('what a role gave and the service refuses in the middle of a run is asked for anew', async (t) => {
  const { store, metadata, roles } = await instance(t, (real) => real);
  await writeAndRead(store);
  assert.equal(metadata.asked(), 1);
  metadata.give(await roles.second());
  await roles.end();
  await writeAndRead(store);
  assert.equal(metadata.asked(), 2);
});

test('what a role gives that has no rights any more is not asked for without end', async (t) => {
  const { store, roles } = await instance(t, (real) => real);
  await writeAndRead(store);
  await roles.end();
  await assert.rejects(writeAndRead(store), (error) => isFailure(error, 'StoreForbidden'));
});

type Temporary = Awaited<ReturnType<typeof assumeRole>>;

/** A bucket of a machine whose role gives temporary credentials of a user that can be ended. */
async function instance(t: TestContext, change: (real: Temporary) => Temporary) {
  const server = await minioServer();
  const bucket = await createBucket(server);
  t.after(() => bucket.remove());
  const everything = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] }],
  };
  const user = await createUser(server, everything);
  const metadata = await instanceMetadata(t, change(await assumeRole(server, user)));
  // The SDK looks into the environment of the process, and nowhere else would it find anything here.
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata.endpoint;
  for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) process.env[name] = '/nowhere';
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_EC2_METADATA_DISABLED'])
    delete process.env[name];
  const store = await openStore(`s3:${server.endpoint}/${bucket.name}/main`, { env: {} });
  t.after(() => store.close());
  const roles = {
    second: async () => await assumeRole(server, await createUser(server, everything)),
    end: async () => await removeUser(server, user),
  };
  return { store, metadata, roles };
}

async function writeAndRead(store: Store): Promise<void> {
  const bytes = randomBytes(10_000);
  const file = { type: 'data', name: hash('sha256', bytes) } as const;
  assert.equal(await store.save(file, [bytes]), 'stored');
  assert.deepEqual(await store.load(file), bytes);
}
