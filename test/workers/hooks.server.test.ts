import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import proto from '@temporalio/proto';
import { isFailure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { connectControl } from '../../control/client.ts';
import { cancelRun, type Run, runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { cleanUp } from './clean-up.ts';
import {
  environmentIn,
  hookBench,
  hookText,
  logHas,
  logIn,
  noted,
  someFiles,
  sourceWith,
} from './hook-bench.ts';
import { fillWithRandomFiles, install } from './installation.ts';
import { runningProcesses } from './processes.ts';
import { runByHand } from './run-by-hand.ts';
import { runWorkers } from './running-worker.ts';
import { startWorkerChild } from './worker-child.ts';

describe('the hooks of a source', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('run in their order, and are told what the run has done', async (t) => {
    const { folder, control } = await hookBench(t, server.address, {
      before: noted,
      afterRead: noted,
      after: `${noted}; env | grep ^RESGUARDO_ | sort > "$LOG.env"`,
      onFailure: noted,
      always: noted,
    });
    const run = await startBackup(control, { source: 'wiki', tags: ['pre-deploy', 'b'] });
    const { snapshot, status, hooks, summary } = await runResult(run);
    assert.equal(status, 'done');
    assert.deepEqual(await logIn(folder), [
      'before running',
      'afterRead running',
      'after done',
      'always done',
    ]);
    assert.deepEqual(
      hooks?.map(({ point, name, status }) => ({ point, name, status })),
      ['before', 'afterRead', 'after', 'always'].map((point) => ({ point, name: 'sh', status: 'done' })),
    );
    const { RESGUARDO_STARTED_AT: startedAt, ...env } = await environmentIn(folder);
    assert.match(startedAt ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual(env, {
      RESGUARDO_HOOK: 'after',
      RESGUARDO_HOOK_NAME: 'sh',
      RESGUARDO_HOOK_ATTEMPT: '1',
      RESGUARDO_WORKFLOW: 'backupSource',
      RESGUARDO_WORKFLOW_ID: 'backup/wiki',
      RESGUARDO_RUN_ID: run.runId,
      RESGUARDO_STATUS: 'done',
      RESGUARDO_SOURCE: 'wiki',
      RESGUARDO_KIND: 'files',
      RESGUARDO_REPOSITORY: 'main',
      RESGUARDO_HOST: 'test-host',
      RESGUARDO_TAGS: 'pre-deploy,b',
      RESGUARDO_SNAPSHOT: snapshot,
      RESGUARDO_FILES: '3',
      RESGUARDO_BYTES: '30000',
      RESGUARDO_BYTES_ADDED: String(summary.dataAddedPacked),
      RESGUARDO_WARNINGS: '0',
    });
    const history = await historyOf(run);
    for (const summaryText of ['Hook before: sh', 'Hook afterRead: sh', 'Hook always: sh']) {
      assert.ok(history.includes(summaryText), summaryText);
    }
  });

  test('leave nothing stored when the first one fails, and those that clean up run', async (t) => {
    const { folder, control, installation } = await hookBench(t, server.address, {
      before: `${noted}; echo "cannot freeze /srv"; exit 32`,
      afterRead: noted,
      after: noted,
      onFailure: `${noted}; echo "$RESGUARDO_ERROR $RESGUARDO_ERROR_CODE" >> "$LOG"`,
      always: noted,
    });
    const run = await startBackup(control, { source: 'wiki' });
    await assert.rejects(runResult(run), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(
        error.message,
        /^The hook before 1 \(sh\) of wiki: its program failed with exit status 32: cannot freeze \/srv$/,
      );
      return true;
    });
    const expected = ['before running', 'afterRead failed', 'onFailure failed', 'HookFailed 1'];
    assert.deepEqual(await logIn(folder), [...expected, 'always failed']);
    assert.equal((await installation.inventory()).snapshots, 0);
  });

  test('that need not end the run make it one that is done in part', async (t) => {
    const { control } = await hookBench(t, server.address, {
      before: 'echo "no cache here" >&2; exit 1',
      continues: true,
    });
    const { status, warnings, warningCount, hooks } = await runResult(
      await startBackup(control, { source: 'wiki' }),
    );
    assert.deepEqual({ status, warningCount }, { status: 'partial', warningCount: 1 });
    assert.match(warnings[0]?.message ?? '', /no cache here/);
    assert.equal(hooks?.[0]?.status, 'failed');
  });

  test('that fail after the reading do not cost the snapshot, but end the run as failed', async (t) => {
    const { folder, control, installation } = await hookBench(t, server.address, {
      afterRead: `${noted}; exit 1`,
      after: noted,
      onFailure: `${noted}; echo "$RESGUARDO_SNAPSHOT" >> "$LOG"`,
      always: `${noted}; exit 1`,
    });
    const run = await startBackup(control, { source: 'wiki' });
    await assert.rejects(runResult(run), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(error.message, /The hook afterRead 1 .*Besides: The hook always 1 /);
      return true;
    });
    const [snapshot] = await installation.snapshots();
    const expected = ['afterRead running', 'onFailure failed', snapshot?.id, 'always failed'];
    assert.deepEqual(await logIn(folder), expected);
  });

  test('are ended with all that they have started when their time is over', async (t) => {
    const mark = `9${randomBytes(3).readUIntBE(0, 3)}`;
    const { control } = await hookBench(t, server.address, {
      before: `echo half; (sleep ${mark}) & sleep ${mark}`,
      timeout: '1s',
    });
    await assert.rejects(runResult(await startBackup(control, { source: 'wiki' })), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(error.message, /sh did not end within 1 s; it had printed: half$/);
      return true;
    });
    assert.deepEqual(await processesWith(mark), []);
  });

  test('that clean up run when the run is cancelled in the middle of one', async (t) => {
    const mark = `8${randomBytes(3).readUIntBE(0, 3)}`;
    const { folder, control } = await hookBench(t, server.address, {
      before: `${noted}; sleep ${mark}`,
      afterRead: noted,
      after: noted,
      onFailure: noted,
      always: noted,
    });
    const run = await startBackup(control, { source: 'wiki' });
    await logHas(folder, 'before running');
    await cancelRun(run);
    await assert.rejects(runResult(run), (error) => isFailure(error, 'Cancelled'));
    assert.deepEqual(await logIn(folder), [
      'before running',
      'afterRead cancelled',
      'onFailure cancelled',
      'always cancelled',
    ]);
    assert.deepEqual(await processesWith(mark), []);
  });

  test('are finished by another worker when theirs is killed in the middle of one, and after it', async (t) => {
    const counted = `${noted}; echo "attempt $RESGUARDO_HOOK_ATTEMPT" >> "$LOG"`;
    const installation = await install({
      address: server.address,
      moreSources: sourceWith({
        // The first attempt never ends.
        before: `${counted}; [ "$RESGUARDO_HOOK_ATTEMPT" != 1 ] || exec sleep 600`,
        afterRead: counted,
        always: counted,
      }),
    });
    cleanUp(t, () => installation.remove());
    const { folder } = installation;
    await fillWithRandomFiles(installation.docs, someFiles);
    const control = await connectControl({ settings: { address: server.address }, env: {} });
    cleanUp(t, () => control.close());
    const env = { ...process.env, LOG: path.join(folder, 'log') };

    const first = await startWorkerChild(installation, { name: 'never', count: 1, env });
    cleanUp(t, () => first.kill());
    const run = await startBackup(control, { source: 'wiki' });
    await logHas(folder, 'attempt 1');
    await first.kill();
    // The second worker dies between the hooks: what was frozen must not stay so.
    const second = await startWorkerChild(installation, { name: 'before capture', count: 1, env });
    cleanUp(t, () => second.kill());
    await second.reached;
    await second.kill();
    const third = await runWorkers(installation, { env });
    cleanUp(t, () => third.stop());

    assert.equal((await runResult(run)).status, 'done');
    assert.deepEqual(await logIn(folder), [
      ...['before running', 'attempt 1', 'before running', 'attempt 2'],
      ...['afterRead running', 'attempt 1', 'always done', 'attempt 1'],
    ]);
  });

  test('keep their secrets from history, log and messages', async (t) => {
    const canary = `canary${randomBytes(9).toString('hex')}`;
    const { folder, control, worker } = await hookBench(
      t,
      server.address,
      {
        before: 'echo "token $TOKEN"; echo "$TOKEN" > "$LOG"',
        after: 'echo "token $TOKEN" >&2; exit 1',
        env: 'TOKEN: env:HOOK_TOKEN',
      },
      { HOOK_TOKEN: canary },
    );
    const run = await startBackup(control, { source: 'wiki' });
    await assert.rejects(runResult(run), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(error.message, /token \[secret\]$/);
      return true;
    });
    assert.deepEqual(await logIn(folder), [canary]);
    assert.match(worker.log(), /"stdout":"token \[secret\]"/);
    assert.equal(worker.log().includes(canary), false);
    assert.equal((await historyOf(run)).includes(canary), false);
  });

  test('around all sources run once, and a source that fails is a failure', async (t) => {
    const lists = ['before', 'after', 'onFailure', 'always'].map(
      (point) =>
        `  ${point}: [${hookText(`${noted}; echo "$RESGUARDO_SOURCES $RESGUARDO_FAILED_SOURCES" >> "$LOG"`)}]`,
    );
    const { folder, control, installation } = await hookBench(
      t,
      server.address,
      { before: noted },
      {},
      { more: `hooks:\n${lists.join('\n')}` },
    );
    const good = await runByHand(control, 'dailyBackup', {});
    assert.partialDeepStrictEqual(good, { total: 2, done: 2, failed: 0 });
    const log = await logIn(folder);
    assert.deepEqual(log, [
      'before running',
      '0 ',
      'before running',
      'after done',
      '2 ',
      'always done',
      '2 ',
    ]);
    await rm(path.join(folder, 'log'));
    await writeFile(path.join(installation.repositoryPath, 'config'), 'broken');
    await rm(installation.docs, { recursive: true });
    assert.partialDeepStrictEqual(await runByHand(control, 'dailyBackup', {}), { total: 2, failed: 2 });
    // Both fail at once.
    assert.match(
      (await logIn(folder)).slice(-4).join('; '),
      /^onFailure partial; 2 (.+); always partial; 2 \1$/,
    );
    assert.match((await logIn(folder)).at(-1) ?? '', /^2 (docs,wiki|wiki,docs)$/);
  });
});

async function processesWith(mark: string): Promise<readonly string[]> {
  return (await runningProcesses()).map(({ line }) => line).filter((line) => line.includes(mark));
}

async function historyOf({ handle }: Run<unknown>): Promise<string> {
  const history = await handle.fetchHistory();
  const bytes = proto.temporal.api.history.v1.History.encode(history).finish();
  return Buffer.from(bytes).toString('latin1');
}
