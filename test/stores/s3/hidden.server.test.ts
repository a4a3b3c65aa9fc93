import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { checkRepository } from '../../../repository/check/check.ts';
import { planPrune } from '../../../repository/prune/plan.ts';
import { executePrune } from '../../../repository/prune/prune.ts';
import { Repository } from '../../../repository/repository.ts';
import { openStore } from '../../../stores/open.ts';
import { Bucket } from '../../../stores/s3/bucket/bucket.ts';
import { backUpFiles } from '../../repository/back-up.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { cheapScrypt, noSignal, testPassword } from '../../repository/test-repository.ts';
import { minioClient, minioServer } from '../../servers/minio.ts';

const dayMs = 86_400_000;

test('a prune of a bucket with object lock tells what stays as versions, and until when', async (t) => {
  const { repository, client, name, prune } = await pruned(t, { lockDays: 60 });
  assert.equal(await repository.store.hidden().then((found) => found?.objects), 0);
  await prune();
  const hidden = await repository.store.hidden();
  // A pack of data, one of trees, an index, a snapshot.
  assert.ok((hidden?.objects ?? 0) >= 4 && (hidden?.bytes ?? 0) > 500_000, JSON.stringify(hidden));
  const days = ((hidden?.until?.getTime() ?? 0) - Date.now()) / dayMs;
  assert.ok(days > 59.9 && days < 60.1, `${days} days: the lock outlasts the 30 of the rule`);
  const { damageCount } = await checkRepository(repository, { readDataPercent: 100, signal: noSignal });
  assert.equal(damageCount, 0);
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: name }));
  const data = Versions.find(({ Key = '', IsLatest }) => Key.includes('/data/') && !IsLatest);
  await assert.rejects(
    client.send(new DeleteObjectCommand({ Bucket: name, Key: data?.Key, VersionId: data?.VersionId })),
    'what it tells of is locked indeed',
  );
});

test('versions that no rule removes stay for ever, which is told as such', async (t) => {
  const { repository, prune } = await pruned(t, { isRuled: false });
  await prune();
  const hidden = await repository.store.hidden();
  assert.ok((hidden?.objects ?? 0) >= 4);
  assert.equal(hidden?.until, undefined);
});

test('a bucket without versions keeps nothing', async (t) => {
  const { repository, prune } = await pruned(t, { isVersioned: false });
  await prune();
  assert.equal(await repository.store.hidden(), undefined);
});

/** A repository with one snapshot, in a bucket that is made as it is wanted. */
async function pruned(
  t: TestContext,
  {
    lockDays,
    isRuled = true,
    isVersioned = true,
  }: { readonly lockDays?: number; readonly isRuled?: boolean; readonly isVersioned?: boolean },
) {
  const server = await minioServer();
  const client = minioClient(server);
  t.after(() => client.destroy());
  const name = `test-${randomBytes(8).toString('hex')}`;
  const url = `s3:${server.endpoint}/${name}/pre/fix`;
  const lock = lockDays === undefined ? {} : { objectLock: { mode: 'governance', days: lockDays } as const };
  const settings = {
    env: { KEY_ID: server.accessKeyId, SECRET_KEY: server.secretAccessKey },
    s3: { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY', ...lock },
  };
  const bucket = await Bucket.open(url, settings);
  t.after(() => bucket.close());
  const { steps } = await bucket.plan({}, noSignal);
  const wanted = steps.filter(
    ({ kind }) => kind === 'create' || (isVersioned && (isRuled || kind === 'versioning')),
  );
  await bucket.apply(wanted, noSignal);
  const store = await openStore(url, settings);
  const repository = await Repository.init(store, testPassword, { scryptCost: cheapScrypt });
  t.after(() => repository.close());
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'data.bin'), randomBytes(600_000));
  const { snapshot } = await backUpFiles(repository, { paths: [folder] });
  const prune = async () => {
    await store.remove({ type: 'snapshot', name: snapshot });
    const limits = { maxUnusedBytes: () => 0, maxRepackBytes: Number.POSITIVE_INFINITY };
    await executePrune(repository, await planPrune(repository, { ...limits, signal: noSignal }), {
      signal: noSignal,
    });
  };
  return { repository, client, name, prune };
}
