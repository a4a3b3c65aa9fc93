import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { runCommand, temporaryFolder } from '../../cli/command-line.ts';
import { createBucket, minioServer } from '../../servers/minio.ts';
import { createUser } from '../../servers/minio-user.ts';

/**
 * The policies that are shipped, given to real users of a real server: without the condition `s3:if-none-match`, which
 * MinIO does not know.
 */

test('with the rights of s3-backup.json a backup runs, and nothing that is stored is replaced or removed', async (t) => {
  const { name, run, client } = await setting(t, 's3-backup.json');
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name, Prefix: 'main/' }));
  const keys = Contents.map(({ Key = '' }) => Key);
  assert.ok(
    keys.some((key) => key.startsWith('main/snapshots/')),
    keys.join(' '),
  );
  assert.deepEqual(
    keys.filter((key) => key.startsWith('main/locks/')),
    [],
    'the run has removed its locks',
  );
  for (const Key of keys) {
    const object = { Bucket: name, Key };
    await assert.rejects(client.send(new DeleteObjectCommand(object)), { name: 'AccessDenied' }, Key);
    const unless = new PutObjectCommand({ ...object, Body: 'x', IfNoneMatch: '*' });
    await assert.rejects(client.send(unless), { name: 'PreconditionFailed' }, Key);
  }
  const forgotten = await run('forget', '--keep-last', '1', '--prune');
  assert.equal(forgotten.code, 1);
  assert.match(forgotten.stderr, /s3:DeleteObject failed on bucket .*the credentials lack the right/);
  assert.match(forgotten.stderr, /Grant s3:DeleteObject/);
  assert.equal((await run('check', '--read-data')).code, 0);
});

test('with the rights of s3-prune.json old snapshots are forgotten and pruned', async (t) => {
  const { run } = await setting(t, 's3-prune.json');
  const forgotten = await run('forget', '--keep-last', '1', '--prune', '--delete-delay', '0s');
  assert.equal(forgotten.code, 0, forgotten.stderr);
  assert.equal(JSON.parse((await run('snapshots', '--json')).stdout).length, 1);
});

/** A bucket with a repository in which a user with the policy has made two backups. */
async function setting(t: TestContext, policy: string) {
  const server = await minioServer();
  const { name, remove } = await createBucket(server);
  t.after(() => remove());
  const text = await readFile(new URL(`../../../docs/policies/${policy}`, import.meta.url), 'utf8');
  const { Version, Statement } = JSON.parse(text.replaceAll('BUCKET', name).replaceAll('PREFIX', 'main'));
  const known = Statement.map(({ Condition: _, ...statement }: Record<string, unknown>) => statement);
  const user = await createUser(server, { Version, Statement: known });
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: user,
  });
  t.after(() => client.destroy());
  const env = {
    AWS_ACCESS_KEY_ID: user.accessKeyId,
    AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
    RESGUARDO_PASSWORD: 'correct horse',
    RESTIC_REPOSITORY: `s3:${server.endpoint}/${name}/main`,
  };
  const run = (...args: readonly string[]) => runCommand(['repo', ...args, '--no-cache'], { env });
  const source = join(await temporaryFolder(t), 'file');
  const steps = [['init'], ['backup', source], ['backup', source]];
  for (const step of steps) {
    await writeFile(source, randomBytes(100_000));
    const { code, stderr } = await run(...step);
    assert.equal(code, 0, `${step[0]}: ${stderr}`);
  }
  return { name, client, run };
}
