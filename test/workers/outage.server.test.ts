import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startBackup } from '../../control/backup.ts';
import { connectControl } from '../../control/client.ts';
import { runResult } from '../../control/runs.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { barrierAt, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles, install } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { runWorkers } from './running-worker.ts';
import { startWorkerChild } from './worker-child.ts';

const someFiles = { files: 20, bytesEach: 200_000 };

test('a worker that was frozen and wakes when another has done its work stores no second snapshot', async (t) => {
  const server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  cleanUp(t, () => server.stop());
  const installation = await install({
    address: server.address,
    moreSources: '  pinned: { kind: files, paths: [docs], host: test-host }',
  });
  cleanUp(t, () => installation.remove());
  await fillWithRandomFiles(installation.docs, someFiles);
  const control = await connectControl({ settings: installation.configuration.temporal, env: {} });
  cleanUp(t, () => control.close());

  // What is neither read nor written goes to a worker of another host, so that none of it waits for a frozen one.
  const { configuration } = installation;
  const elsewhere = await runWorkers({
    ...installation,
    configuration: { ...configuration, host: 'elsewhere' },
  });
  cleanUp(t, () => elsewhere.stop());
  const frozen = await startWorkerChild(installation, { name: 'after pack put', count: 2, queues: 'host' });
  cleanUp(t, () => frozen.kill());
  const run = await startBackup(control, { source: 'pinned' });
  await frozen.reached;
  frozen.process.kill('SIGSTOP');
  const worker = await runWorkers(installation, {
    queues: 'host',
    repositoryOptions: { packSizeBytes },
  });
  cleanUp(t, () => worker.stop());
  const { snapshot } = await runResult(run);

  frozen.process.kill('SIGCONT');
  frozen.process.send('go on');
  await frozen.logged('A step has stopped');
  const snapshots = await installation.snapshots();
  assert.deepEqual(
    snapshots.map(({ id }) => id),
    [snapshot],
  );
  assert.equal((await installation.inventory()).locks, 0);
});

test('a backup outlives its Temporal server, and is stored once', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-temporal-'));
  cleanUp(t, () => rm(folder, { recursive: true, force: true }));
  const settings = {
    executable: await temporalExecutable(),
    headless: true,
    dbFilename: path.join(folder, 'temporal.db'),
  };
  const server = await startTemporalServer(settings);
  cleanUp(t, () => server.stop());
  const barrier = barrierAt('after pack put');
  const { installation, control } = await workBench(t, server.address, {
    worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
  });
  await fillWithRandomFiles(installation.docs, someFiles);
  const run = await startBackup(control, { source: 'docs' });
  await barrier.reached;
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
  const port = Number(server.address.slice(server.address.lastIndexOf(':') + 1));
  const again = await startTemporalServer({ ...settings, port });
  cleanUp(t, () => again.stop());
  barrier.release();

  const { snapshot } = await runResult(run);
  const snapshots = await installation.snapshots();
  assert.deepEqual(
    snapshots.map(({ id }) => id),
    [snapshot],
  );
  assert.equal((await installation.inventory()).locks, 0);
});
