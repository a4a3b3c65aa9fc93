import assert from 'node:assert/strict';
import { chmod, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { startRestore } from '../../control/restore.ts';
import { cancelRun, runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { barrierAt, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { runWorkers } from './running-worker.ts';

const someFiles = { files: 12, bytesEach: 100_000 };

describe('a backup', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('of files is restored with content, modes, times and links equal', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    const { docs, folder } = installation;
    await fillWithRandomFiles(docs, someFiles);
    await writeFile(path.join(docs, 'script.sh'), '#!/bin/sh\n', { mode: 0o750 });
    await utimes(path.join(docs, 'script.sh'), 1_000_000_000.123, 1_000_000_000.123);
    await symlink('part-1', path.join(docs, 'link'));
    await chmod(path.join(docs, 'part-1'), 0o700);

    const result = await runResult(await startBackup(control, { source: 'docs', tags: ['first'] }));
    assert.equal(result.status, 'done');
    assert.equal(result.summary.totalFilesProcessed, 13);
    const [snapshot] = await installation.snapshots();
    assert.equal(snapshot?.id, result.snapshot);
    assert.deepEqual(snapshot.paths, [docs]);
    assert.equal(snapshot.hostname, 'test-host');
    const run = snapshot.tags.find((tag) => tag.startsWith('run:'));
    assert.deepEqual(snapshot.tags, ['source:docs', 'kind:files', run, 'team-a', 'first']);

    const target = path.join(folder, 'restored');
    const restored = await runResult(await startRestore(control, { source: 'docs', target }));
    assert.equal(restored.files, 13);
    assert.deepEqual(
      restored.checks.map(({ passed }) => passed),
      [true],
    );
    const copy = path.join(target, docs);
    const name = 'part-3/file-3.bin';
    assert.deepEqual(await readFile(path.join(copy, name)), await readFile(path.join(docs, name)));
    const script = await stat(path.join(copy, 'script.sh'));
    assert.equal(script.mode & 0o777, 0o750);
    assert.equal(script.mtimeMs, 1_000_000_000_123);
    assert.equal((await installation.inventory()).locks, 0);
  });

  test('of what has not changed reads no file and stores no content', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fillWithRandomFiles(installation.docs, someFiles);
    const first = await runResult(await startBackup(control, { source: 'docs' }));
    const second = await runResult(await startBackup(control, { source: 'docs' }));
    assert.equal(second.summary.filesUnmodified, someFiles.files);
    assert.equal(second.summary.dataBlobs, 0);
    const snapshots = await installation.snapshots();
    assert.equal(snapshots.find(({ id }) => id === second.snapshot)?.parent, first.snapshot);
  });

  test('shows itself by search attributes, live details and queries', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fillWithRandomFiles(installation.docs, someFiles);
    const run = await startBackup(control, { source: 'docs' });
    const result = await runResult(run);

    const { searchAttributes } = await run.handle.describe();
    assert.deepEqual(searchAttributes.ResguardoStatus, ['done']);
    assert.deepEqual(searchAttributes.ResguardoSource, ['docs']);
    assert.deepEqual(searchAttributes.ResguardoKind, ['files']);
    assert.deepEqual(searchAttributes.ResguardoRepository, ['main']);
    assert.deepEqual(searchAttributes.ResguardoBytesAdded, [result.summary.dataAddedPacked]);
    assert.deepEqual(await run.handle.query('result'), result);
    const progress = { filesDone: 12, bytesDone: 1_200_000, bytesStored: result.summary.dataAddedPacked };
    assert.deepEqual(await run.handle.query('progress'), { phase: 'finished', ...progress });
    const metadata: { currentDetails?: string } = await run.handle.query('__temporal_workflow_metadata');
    assert.match(metadata.currentDetails ?? '', /Backup of \*\*docs\*\*/);
    assert.match(metadata.currentDetails ?? '', /restic -r <URL of main> ls [0-9a-f]{8}/);
  });

  test('that ends is entered in the status file, which its user alone can read', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fillWithRandomFiles(installation.docs, someFiles);
    const { snapshot } = await runResult(await startBackup(control, { source: 'docs' }));
    const file = path.join(installation.folder, 'state', 'status.json');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const status = JSON.parse(await readFile(file, 'utf8'));
    assert.equal(status.runs.backupSource.docs.last.snapshot, snapshot);
    assert.equal(status.runs.backupSource.docs.lastGood.status, 'done');
  });

  test('that is started while one is under way is refused', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const run = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    await assert.rejects(startBackup(control, { source: 'docs' }), (error) =>
      isFailure(error, 'AlreadyRunning'),
    );
    barrier.release();
    assert.equal((await runResult(run)).status, 'done');
  });

  test('that is cancelled leaves no snapshot and no lock, and the next one uses what it stored', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control, worker } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, { files: 30, bytesEach: 200_000 });
    const run = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    await cancelRun(run);
    await worker.logged('A step is asked to stop');
    barrier.release();
    await assert.rejects(runResult(run), (error) => isFailure(error, 'Cancelled'));
    const { snapshots, locks, packs } = await installation.inventory();
    assert.deepEqual({ snapshots, locks }, { snapshots: 0, locks: 0 });
    assert.ok(packs > 0);
    const { searchAttributes } = await run.handle.describe();
    assert.deepEqual(searchAttributes.ResguardoStatus, ['cancelled']);

    const again = await runResult(await startBackup(control, { source: 'docs' }));
    assert.ok(again.summary.dataAdded < 30 * 200_000, 'something was there already');
  });

  test('goes on with another worker when its own is shut down', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control, worker } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const run = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    const stopped = worker.stop();
    barrier.release();
    await stopped;
    assert.equal((await installation.inventory()).locks, 0);
    const next = await runWorkers(installation);
    cleanUp(t, () => next.stop());
    assert.equal((await runResult(run)).status, 'done');
    assert.equal((await installation.inventory()).snapshots, 1);
  });
});
