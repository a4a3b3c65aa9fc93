import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { startReplication } from '../../control/replication.ts';
import { startRestore, startRestorePlan } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { coldS3 } from '../stores/cold-s3.ts';
import { workBench } from './bench.ts';
import { frozenRepository } from './frozen-repository.ts';
import { fillWithRandomFiles } from './installation.ts';
import { runByHand } from './run-by-hand.ts';
import { runWorkers } from './running-worker.ts';

describe('an archive', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('gets the newest snapshot of each source once a month, and none after a backup', async (t) => {
    const { control, cold } = await archiveBench(t, server, { isFilled: false });
    const inArchive = () => [...cold.objects.keys()].filter((key) => key.includes('/snapshots/')).length;
    for (const _ of [1, 2]) {
      const backup = await runResult(await startBackup(control, { source: 'docs' }));
      assert.deepEqual(backup.copies, []);
    }
    assert.equal(inArchive(), 0);
    assert.partialDeepStrictEqual(await runByHand(control, 'monthlyArchive', {}), { total: 1, done: 1 });
    assert.equal(inArchive(), 1);
    assert.partialDeepStrictEqual(await runByHand(control, 'monthlyArchive', {}), { total: 1, done: 1 });
    assert.equal(inArchive(), 1);
  });

  test('refuses a restore with what it would take, until somebody says how to thaw it', async (t) => {
    const { control, cold, target } = await archiveBench(t, server);
    const input = { source: 'docs', repository: 'archive', target };
    const plan = await runResult(await startRestorePlan(control, input));
    assert.ok((plan.thaw?.frozen.packs ?? 0) > 0);
    assert.deepEqual(
      plan.thaw?.ways.map(({ speed }) => speed),
      ['bulk', 'standard', 'expedited'],
    );
    await assert.rejects(
      runResult(await startRestore(control, input)),
      (error) =>
        isFailure(error, 'RestoreBlocked') &&
        /have to be thawed/.test(error.message) &&
        /--thaw/.test(error.advice),
    );
    assert.equal(cold.requests.filter(({ method }) => method === 'POST').length, 0, 'nothing was asked for');
  });

  test('is priced by a file of ones own, and a wrong one stops no restore', async (t) => {
    const more = 'prices: prices.json';
    const { control, installation, target, worker } = await archiveBench(t, server, { more });
    const prices = path.join(installation.folder, 'prices.json');
    const thaw = { bulk: { perGb: 1000, per1000: 0, hours: [1, 2] } };
    const price = { storagePerGbMonth: 0, putPer1000: 0, getPer1000: 0 };
    const mine = {
      ...{
        name: 'Mine',
        of: 'here',
        source: 'contract',
        gbBytes: 1e9,
        egressPerGb: 10,
        hosts: ['127.0.0.1'],
      },
      ...{ defaultClass: 'STANDARD', classes: { STANDARD: price, GLACIER: { ...price, thaw } } },
    };
    await writeFile(prices, JSON.stringify({ asOf: '2031-05', providers: { mine } }));
    const input = { source: 'docs', repository: 'archive', target };
    const plan = await runResult(await startRestorePlan(control, input));
    assert.equal(plan.thaw?.pricesAsOf, '2031-05');
    assert.deepEqual(
      plan.thaw?.ways.map(({ speed, hours, costUsd = 0 }) => [speed, hours, costUsd > 0.5 && costUsd < 1]),
      [['bulk', [1, 2], true]],
    );
    await writeFile(prices, '{"asOf":7,"providers":{}}');
    const again = await runResult(await startRestorePlan(control, input));
    assert.deepEqual([again.thaw?.pricesAsOf, again.thaw?.ways.length], [undefined, 3]);
    assert.match(worker.log(), /prices\.json are wrong: asOf: .* is taken instead/);
  });

  test('is asked for what a restore needs, waited for without a worker, and read when the data is there', async (t) => {
    const { control, cold, target, worker, installation } = await archiveBench(t, server);
    const input = {
      source: 'docs',
      repository: 'archive',
      target,
      thaw: { speed: 'bulk', days: 2 },
    } as const;
    const run = await startRestore(control, input);
    const isWaiting = async () => {
      const progress = await run.handle.query<{ readonly phase: string }>('progress');
      return progress.phase === 'waiting';
    };
    while (!(await isWaiting()));
    await worker.stop();
    cold.thaw();
    const again = await runWorkers(installation);
    t.after(() => again.stop());
    await run.handle.signal('thawed');
    const result = await runResult(run);
    assert.ok(result.checks.every(({ passed }) => passed));
    const restored = path.join(target, installation.docs, 'part-1', 'file-1.bin');
    assert.deepEqual(
      await readFile(restored),
      await readFile(path.join(installation.docs, 'part-1', 'file-1.bin')),
    );
    const asked = cold.requests.filter(({ method }) => method === 'POST');
    assert.ok(asked.length > 0 && asked.every(({ tier, status }) => tier === 'Bulk' && status === 202));
  });
});

async function archiveBench(
  t: TestContext,
  { address }: TemporalServer,
  { isFilled = true, more = '' } = {},
) {
  const cold = await coldS3(t);
  const bench = await workBench(t, address, {
    installation: {
      moreRepositories: frozenRepository(cold, 'archive'),
      more: `defaultRepository: main\n${more}`,
    },
  });
  const { installation, control } = bench;
  await mkdir(installation.docs, { recursive: true });
  await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 200_000 });
  if (isFilled) await runResult(await startBackup(control, { source: 'docs' }));
  if (isFilled)
    await runResult(await startReplication(control, { repository: 'archive', sources: ['docs'] }));
  return { ...bench, cold, target: path.join(installation.folder, 'restored') };
}
