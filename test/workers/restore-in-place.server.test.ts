import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { isKeptAt } from '../../contracts/kept-until.ts';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { confirmRestore, rejectRestore, startRestore, startRollback } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { watchRun } from '../../control/watch.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { type Installation, install } from './installation.ts';
import { runWorkers } from './running-worker.ts';
import { startWorkerChild } from './worker-child.ts';

const good = { 'a.txt': 'good', 'sub/b.txt': 'good too' };

describe('a restore of files in place', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('asks, backs up what is there, restores over it, and can be rolled back', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fill(installation, good);
    await runResult(await startBackup(control, { source: 'docs' }));
    await fill(installation, { 'a.txt': 'evil', 'own.txt': 'of somebody' });
    await rm(path.join(installation.docs, 'sub'), { recursive: true });
    const outside = path.join(installation.folder, 'outside.txt');
    await writeFile(outside, 'beside');

    const run = await startRestore(control, { source: 'docs', inPlace: true });
    for await (const { phase } of watchRun(run)) if (phase === 'confirm') break;
    await assert.rejects(confirmRestore(run, 'other'), (error) => isFailure(error, 'InvalidInput'));
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
    await confirmRestore(run, 'docs');
    const { safetySnapshot, replaced, checks } = await runResult(run);
    assert.ok(checks.every(({ passed }) => passed));
    assert.equal(await contentOf(installation, 'a.txt'), 'good');
    assert.equal(await contentOf(installation, 'sub/b.txt'), 'good too');
    assert.equal(await contentOf(installation, 'own.txt'), 'of somebody', 'what is beside them stays');
    const safety = (await installation.snapshots()).find(({ id }) => id === safetySnapshot);
    assert.ok(safety?.tags.includes('safety'));

    const rolledBack = await runResult(await startRollback(control, replaced?.restore ?? ''));
    assert.partialDeepStrictEqual(rolledBack, { outcome: 'rolled back', paths: [installation.docs] });
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
    assert.equal(await readFile(outside, 'utf8'), 'beside');
  });

  test('that is rejected, or has a target too, changes nothing', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fill(installation, good);
    await runResult(await startBackup(control, { source: 'docs' }));
    await fill(installation, { 'a.txt': 'evil' });
    const run = await startRestore(control, { source: 'docs', inPlace: true });
    for await (const { phase } of watchRun(run)) if (phase === 'confirm') break;
    await rejectRestore(run);
    await assert.rejects(runResult(run), (error) => isFailure(error, 'NotConfirmed'));
    const both = { source: 'docs', inPlace: true, target: '/tmp/x', confirmed: true };
    await assert.rejects(runResult(await startRestore(control, both)), (error) =>
      isFailure(error, 'InvalidInput'),
    );
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
    assert.equal((await installation.inventory()).snapshots, 1);
  });

  test('of a folder that is gone needs no safety backup', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fill(installation, good);
    await runResult(await startBackup(control, { source: 'docs' }));
    await rm(installation.docs, { recursive: true });
    const input = { source: 'docs', inPlace: true, confirmed: true };
    const { safetySnapshot } = await runResult(await startRestore(control, input));
    assert.equal(safetySnapshot, undefined);
    assert.equal(await contentOf(installation, 'sub/b.txt'), 'good too');
  });

  test('of which a part is gone backs up the rest, and makes it anew', async (t) => {
    const { installation, control } = await workBench(t, server.address, {
      installation: { moreSources: '  both: { kind: files, paths: [docs, other] }' },
    });
    await fill(installation, good);
    const other = path.join(installation.folder, 'other');
    await mkdir(other);
    await runResult(await startBackup(control, { source: 'both' }));
    await rm(other, { recursive: true });
    await fill(installation, { 'a.txt': 'evil' });
    const input = { source: 'both', inPlace: true, confirmed: true };
    const { replaced } = await runResult(await startRestore(control, input));
    assert.equal(await contentOf(installation, 'a.txt'), 'good');
    assert.deepEqual(await readdir(other), []);
    await runResult(await startRollback(control, replaced?.restore ?? ''));
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
  });

  test('overwrites nothing that the safety backup does not have', async (t) => {
    const { installation, control } = await workBench(t, server.address, {
      installation: {
        moreSources: '  marked: { kind: files, paths: [docs], excludeIfPresent: [.nobackup] }',
      },
    });
    await fill(installation, { ...good, 'cache/c.txt': 'good' });
    const { snapshot } = await runResult(await startBackup(control, { source: 'marked' }));
    await fill(installation, { 'a.txt': 'evil', 'cache/c.txt': 'precious', 'cache/.nobackup': '' });
    const input = { source: 'marked', inPlace: true, confirmed: true };
    await assert.rejects(runResult(await startRestore(control, input)), (error) => {
      assert.ok(isFailure(error, 'TargetConflict'));
      assert.match(error.message, /1 files .*cache\/c\.txt/);
      return true;
    });
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
    const part = { ...input, snapshot, include: [path.join(installation.docs, 'a.txt')] };
    const { safetySnapshot } = await runResult(await startRestore(control, part));
    assert.equal(await contentOf(installation, 'a.txt'), 'good');
    assert.equal(await contentOf(installation, 'cache/c.txt'), 'precious');
    const safety = (await installation.snapshots()).find(({ id }) => id === safetySnapshot);
    assert.ok(safety && isKeptAt(safety.tags, new Date(Date.now() + 3 * 86_400_000)), 'no policy forgets it');
  });

  test('is not rolled back while it is under way', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fill(installation, good);
    await runResult(await startBackup(control, { source: 'docs' }));
    await fill(installation, { 'a.txt': 'evil' });
    const first = await startRestore(control, { source: 'docs', inPlace: true, confirmed: true });
    const { replaced } = await runResult(first);
    const second = await startRestore(control, { source: 'docs', inPlace: true });
    for await (const { phase } of watchRun(second)) if (phase === 'confirm') break;
    await assert.rejects(startRollback(control, replaced?.restore ?? ''), (error) =>
      isFailure(error, 'AlreadyRunning'),
    );
    await rejectRestore(second);
    await assert.rejects(runResult(second), (error) => isFailure(error, 'NotConfirmed'));
    await runResult(await startRollback(control, replaced?.restore ?? ''));
    assert.equal(await contentOf(installation, 'a.txt'), 'evil');
  });

  for (const point of [
    'before capture',
    'before checkSafety',
    'before restoreSnapshot',
    'after restoreSnapshot',
  ]) {
    test(`whose worker is killed ${point} is finished by another one, with the way back`, async (t) => {
      const installation = await install({ address: server.address });
      cleanUp(t, () => installation.remove());
      const control = await connectControl({ settings: { address: server.address }, env: {} });
      cleanUp(t, () => control.close());
      await fill(installation, good);
      const first = await runWorkers(installation);
      await runResult(await startBackup(control, { source: 'docs' }));
      await first.stop();
      await fill(installation, { 'a.txt': 'evil' });
      await killAndGoOn(t, { installation, control, point });
    });
  }
});

interface Killing {
  readonly installation: Installation;
  readonly control: Control;
  readonly point: string;
}

async function killAndGoOn(
  t: Parameters<typeof cleanUp>[0],
  { installation, control, point }: Killing,
): Promise<void> {
  const child = await startWorkerChild(installation, { name: point, count: 1 });
  cleanUp(t, () => child.kill());
  const run = await startRestore(control, { source: 'docs', inPlace: true, confirmed: true });
  await child.reached;
  await child.kill();
  const worker = await runWorkers(installation);
  cleanUp(t, () => worker.stop());
  const { replaced } = await runResult(run);
  assert.equal(await contentOf(installation, 'a.txt'), 'good');
  await runResult(await startRollback(control, replaced?.restore ?? ''));
  assert.equal(await contentOf(installation, 'a.txt'), 'evil');
  assert.equal((await installation.inventory()).locks, 0);
}

async function fill({ docs }: Installation, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(docs, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

async function contentOf({ docs }: Installation, name: string): Promise<string> {
  return await readFile(path.join(docs, name), 'utf8');
}
