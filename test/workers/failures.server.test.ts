import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Failure, type FailureType, isFailure } from '../../contracts/failures.ts';
import { controlQueue } from '../../contracts/queues.ts';
import { startBackup } from '../../control/backup.ts';
import type { Control } from '../../control/client.ts';
import { translateFailure } from '../../control/failures.ts';
import { startRestore } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { startVerification } from '../../control/verification.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { type Bench, workBench } from './bench.ts';
import { fillWithRandomFiles, type Installation } from './installation.ts';

const someFiles = { files: 12, bytesEach: 100_000 };

describe('a run', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('with a wrong input fails at once and names the field', async (t) => {
    const { control } = await workBench(t, server.address);
    const wrong: readonly [workflow: string, input: unknown, message: RegExp][] = [
      ['backupSource', undefined, /source: .*expected string/],
      ['backupSource', { source: 'docs', tag: 'x' }, /Unrecognized key: "tag"/],
      ['backupSource', { source: 'docs', tags: 'x' }, /tags: .*expected array/],
      ['backupSource', { source: 'docs', encrypt: false }, /encrypt: cannot be switched off/],
      ['backupSource', { source: 'dogs' }, /source: the configuration has no source "dogs"; it has docs/],
      ['backupSource', { source: 'docs', kind: 'postgres' }, /kind: the source docs is of kind files/],
      ['restore', { source: 'docs', target: 'here' }, /target: here is no absolute path/],
      ['restore', { source: 'docs', target: '/x', snapshot: 'HEAD' }, /snapshot: must be "latest"/],
      ['verification', { readDataPercent: 200 }, /readDataPercent: /],
      ['verification', { repository: 'other' }, /no repository "other"; it has main/],
    ];
    for (const [workflow, input, message] of wrong) {
      const failure = await failureOf(runByHand(control, workflow, input));
      assert.equal(failure.type, 'InvalidInput', failure.message);
      assert.match(failure.message, message);
    }
  });

  test('that cannot open its repository says why, and does not try again', async (t) => {
    const bench = await workBench(t, server.address);
    const { folder, repositoryPath } = bench.installation;
    await fillWithRandomFiles(bench.installation.docs, someFiles);
    const key = path.join(folder, 'key');
    await writeFile(key, 'another password\n');
    await assertBackupFails(bench, 'WrongKey', /password|key/i);
    await rm(key);
    await assertBackupFails(bench, 'SecretUnavailable', /key cannot be read: ENOENT/);
    await writeFile(key, 'whatever', { mode: 0o600 });
    await rm(repositoryPath, { recursive: true });
    await assertBackupFails(bench, 'RepositoryNotFound', /There is no repository at/);
  });

  test('of a source whose path is gone names the path', async (t) => {
    const bench = await workBench(t, server.address);
    await rm(bench.installation.docs, { recursive: true });
    await assertBackupFails(bench, 'SourceMissing', /docs does not exist/);
    assert.equal((await bench.installation.inventory()).locks, 0);
  });

  test('for a host without a worker ends, and names the host', async (t) => {
    const bench = await workBench(t, server.address, {
      installation: {
        temporal: 'hostTimeout: 1s',
        moreSources: '  far: { kind: files, paths: [/etc], host: lonely-host }',
      },
    });
    const failure = await failureOf(startBackup(bench.control, { source: 'far' }).then(runResult));
    assert.equal(failure.type, 'AgentOffline');
    assert.match(failure.message, /No worker of the host lonely-host took the step preflight in time/);
    assert.match(failure.advice, /resguardo worker/);
  });

  test('that fails is entered in the status file, and the last good one stays', async (t) => {
    const bench = await workBench(t, server.address);
    const { docs, folder } = bench.installation;
    await fillWithRandomFiles(docs, someFiles);
    const { snapshot } = await runResult(await startBackup(bench.control, { source: 'docs' }));
    await rm(docs, { recursive: true });
    await assertBackupFails(bench, 'SourceMissing', /docs does not exist/);
    const status = JSON.parse(await readFile(path.join(folder, 'state', 'status.json'), 'utf8'));
    const { last, lastGood } = status.runs.backupSource.docs;
    assert.equal(last.status, 'failed');
    assert.equal(last.failure, 'SourceMissing');
    assert.match(last.message, /docs does not exist/);
    assert.equal(lastGood.snapshot, snapshot);
  });

  test('that finds damage fails, and tells what is damaged', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fillWithRandomFiles(installation.docs, someFiles);
    await runResult(await startBackup(control, { source: 'docs' }));
    const pack = await removeOnePack(installation);
    const verified = await failureOf(startVerification(control, { repository: 'main' }).then(runResult));
    assert.equal(verified.type, 'RepositoryDamaged');
    assert.match(verified.message, new RegExp(pack.slice(0, 8)));
    const target = path.join(installation.folder, 'restored');
    const restored = await failureOf(startRestore(control, { source: 'docs', target }).then(runResult));
    assert.equal(restored.type, 'RepositoryDamaged');
  });

  test('that would restore into a folder with content is refused', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await fillWithRandomFiles(installation.docs, someFiles);
    await runResult(await startBackup(control, { source: 'docs' }));
    const target = installation.docs;
    const failure = await failureOf(startRestore(control, { source: 'docs', target }).then(runResult));
    assert.equal(failure.type, 'TargetConflict');
    assert.match(failure.message, /is not empty/);
  });

  test('that finds the repository full waits, and goes on when there is space', async (t) => {
    let isFull = true;
    const { installation, control, worker } = await workBench(t, server.address, {
      worker: {
        timing: { storageFullRetryMs: 300 },
        repositoryOptions: {
          failpoint: (name) => {
            if (isFull && name === 'before pack put')
              throw new Failure('StorageFull', 'The test disk is full');
          },
        },
      },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const run = await startBackup(control, { source: 'docs' });
    await worker.logged('The test disk is full');
    assert.equal((await installation.inventory()).snapshots, 0);
    isFull = false;
    assert.equal((await runResult(run)).status, 'done');
    assert.deepEqual((await installation.inventory()).locks, 0);
  });
});

/** As `temporal workflow start` does it. */
async function runByHand(control: Control, workflow: string, input: unknown): Promise<unknown> {
  return await control.client.workflow.execute(workflow, {
    taskQueue: controlQueue,
    workflowId: `by-hand/${randomUUID()}`,
    args: input === undefined ? [] : [input],
  });
}

async function failureOf(run: Promise<unknown>): Promise<Failure> {
  const result = await run.catch((error: unknown) => translateFailure(error));
  assert.ok(isFailure(result), `the run did not fail: ${JSON.stringify(result)}`);
  return result;
}

async function assertBackupFails(
  { control, installation }: Bench,
  type: FailureType,
  message: RegExp,
): Promise<void> {
  const failure = await failureOf(startBackup(control, { source: 'docs' }).then(runResult));
  assert.equal(failure.type, type, failure.message);
  assert.match(failure.message, message);
  assert.doesNotMatch(failure.message, new RegExp(installation.password));
}

async function removeOnePack({ repositoryPath }: Installation): Promise<string> {
  const entries = await readdir(path.join(repositoryPath, 'data'), { recursive: true, withFileTypes: true });
  const pack = entries.find((entry) => entry.isFile());
  assert.ok(pack);
  await rm(path.join(pack.parentPath, pack.name));
  return pack.name;
}
