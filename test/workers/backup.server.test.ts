import assert from 'node:assert/strict';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { startRestore } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { startVerification } from '../../control/verification.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { fillWithRandomFiles, type Installation, install } from './installation.ts';
import { runWorkers, type TestWorker } from './running-worker.ts';

describe('a worker', () => {
  let server: TemporalServer;
  let installation: Installation;
  let worker: TestWorker;
  let control: Control;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
    installation = await install({ address: server.address });
    await fillWithRandomFiles(installation.docs, { files: 20, bytesEach: 50_000 });
    await symlink('part-1', path.join(installation.docs, 'link'));
    worker = await runWorkers(installation);
    control = await connectControl({ settings: installation.configuration.temporal, env: {} });
  });

  after(async () => {
    await control?.close();
    await worker?.stop();
    await installation?.remove();
    await server?.stop();
  });

  test('backs up files, restores them and finds them equal', async () => {
    const result = await runResult(await startBackup(control, { source: 'docs', tags: ['first'] }));
    assert.equal(result.status, 'done');
    assert.equal(result.summary.totalFilesProcessed, 20);
    const [snapshot] = await installation.snapshots();
    assert.equal(snapshot?.id, result.snapshot);
    const target = path.join(installation.folder, 'restored');
    const restored = await runResult(await startRestore(control, { source: 'docs', target }));
    const verified = await runResult(await startVerification(control, { repository: 'main', readDataPercent: 100 }));
  });
});
