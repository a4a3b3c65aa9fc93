import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { startBackup } from '../../control/backup.ts';
import { runResult } from '../../control/runs.ts';
import { startVerification } from '../../control/verification.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';

const run = promisify(execFile);

/** Only root may mount; elsewhere a store that says "full" stands for it (failures.server.test.ts). */
const skip = process.platform !== 'linux' || process.geteuid?.() !== 0 ? 'mounting needs root' : false;

test('a backup that fills its file system goes on when that has grown', { skip }, async (t) => {
  const folder = await smallFileSystem(t);
  const server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  cleanUp(t, () => server.stop());
  const { installation, control, worker } = await workBench(t, server.address, {
    installation: { repositoryPath: path.join(folder, 'repository') },
    worker: { timing: { storageFullRetryMs: 300 }, repositoryOptions: { packSizeBytes } },
  });
  await fillWithRandomFiles(installation.docs, { files: 30, bytesEach: 200_000 });
  const backup = await startBackup(control, { source: 'docs' });
  await worker.logged('StorageFull');
  assert.equal((await installation.inventory()).snapshots, 0);
  await run('mount', ['-o', 'remount,size=32m', folder]);

  assert.equal((await runResult(backup)).status, 'done');
  const end = await installation.inventory();
  assert.equal(end.locks, 0);
  assert.ok(end.packBytes < 30 * 200_000 + 3 * packSizeBytes, 'what was stored before is used');
  const input = { repository: 'main', readDataPercent: 100 };
  assert.equal((await runResult(await startVerification(control, input))).damageCount, 0);
});

/** Four megabytes of memory as a file system of its own. */
async function smallFileSystem(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-small-'));
  cleanUp(t, () => rm(folder, { recursive: true, force: true }));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  cleanUp(t, () => run('umount', ['--lazy', folder]));
  return folder;
}
