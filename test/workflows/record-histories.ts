/**
 * Records the histories that replay.test.ts replays: `node test/workflows/record-histories.ts [NAME…]`; those of
 * restores of a database are for record-database-restores.ts. A
 * history of a released version is never recorded anew: the workflow is changed with `patched()`, and a further
 * history is added under a name of its own.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { startReplication } from '../../control/replication.ts';
import { startRestore } from '../../control/restore.ts';
import { cancelRun, type Run, runResult, startRun } from '../../control/runs.ts';
import { startVerification } from '../../control/verification.ts';
import { ensureTemporal } from '../../tools/temporal.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { type ColdS3, coldS3 } from '../stores/cold-s3.ts';
import { type Barrier, barrierAt } from '../workers/bench.ts';
import { frozenRepository } from '../workers/frozen-repository.ts';
import { fillWithRandomFiles, type Installation, install } from '../workers/installation.ts';
import { runWorkers, type TestWorker } from '../workers/running-worker.ts';
import { keepHistory } from './history-file.ts';

interface Stage {
  readonly control: Control;
  readonly installation: Installation;
  readonly worker: TestWorker;
  readonly barrier: Barrier;
  /** Makes the next puts of packs fail. */
  fail(times: number): void;
  /** The service of the repository `frozen`, for scenes whose name starts with `thaw`. */
  readonly cold: ColdS3;
}

/** What happened in each history, and how to make it happen. All but the first find a snapshot. */
const scenes: Readonly<Record<string, (stage: Stage) => Promise<Run<unknown>>>> = {
  'backup-done': ({ control }) => startBackup(control, { source: 'docs', tags: ['a'], schedule: 'daily' }),
  'backup-retried': async ({ control, fail, installation }) => {
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    fail(2);
    return startBackup(control, { source: 'docs' });
  },
  'backup-source-missing': ({ control }) => startBackup(control, { source: 'gone' }),
  'backup-wrong-kind': ({ control }) => startBackup(control, { source: 'docs', kind: 'mysql' }),
  'backup-host-offline': ({ control }) => startBackup(control, { source: 'far' }),
  'backup-hooks': ({ control }) => startBackup(control, { source: 'hooked' }),
  'backup-cancelled': async ({ control, worker, barrier, installation }) => {
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    const run = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    await cancelRun(run);
    await worker.logged('A step is asked to stop');
    barrier.release();
    return run;
  },
  'restore-done': ({ control, installation }) =>
    startRestore(control, { source: 'docs', target: path.join(installation.folder, 'restored') }),
  'restore-conflict': ({ control, installation }) =>
    startRestore(control, { source: 'docs', target: installation.docs }),
  'thaw-refused': async ({ control, installation }) => {
    await runResult(await startReplication(control, { repository: 'frozen', sources: ['docs'] }));
    const target = path.join(installation.folder, 'restored');
    return startRestore(control, { source: 'docs', repository: 'frozen', target });
  },
  'thaw-done': async ({ control, installation, cold }) => {
    await runResult(await startReplication(control, { repository: 'frozen', sources: ['docs'] }));
    const target = path.join(installation.folder, 'restored');
    const thaw = { speed: 'bulk', days: 2 } as const;
    const run = await startRestore(control, { source: 'docs', repository: 'frozen', target, thaw });
    const phase = async () => (await run.handle.query<{ readonly phase: string }>('progress')).phase;
    while ((await phase()) !== 'waiting');
    cold.thaw();
    await run.handle.signal('thawed');
    return run;
  },
  'verification-done': ({ control }) =>
    startVerification(control, { repository: 'main', readDataPercent: 100 }),
  'verification-damaged': async ({ control, installation }) => {
    await rm(path.join(installation.repositoryPath, 'data'), { recursive: true });
    return startVerification(control, { repository: 'main' });
  },
  'backup-copied': ({ control }) => startBackup(control, { source: 'docs', copies: ['second', 'third'] }),
  'replicate-done': async ({ control }) =>
    startReplication(control, { repository: 'second', sources: ['docs'] }),
  'replicate-failed': async ({ control }) =>
    startReplication(control, { repository: 'third', sources: ['docs'] }),
  'replicate-all': ({ control }) => startAny(control, 'replicate', {}),
  'archive-done': ({ control }) => startAny(control, 'monthlyArchive', {}),
  'locks-done': ({ control }) => startAny(control, 'extendObjectLocks', {}),
  'verification-of-all': ({ control }) => startAny(control, 'verification', { readDataPercent: 50 }),
  'daily-partial': ({ control }) => startAny(control, 'dailyBackup', { schedule: 'automated_backups' }),
  'daily-merged': async ({ control, barrier, installation }) => {
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    const backup = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    const run = await startAny(control, 'dailyBackup', {});
    await runResult(run);
    barrier.release();
    await runResult(backup);
    return run;
  },
  'daily-cancelled': async ({ control, worker, barrier, installation }) => {
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    const run = await startAny(control, 'dailyBackup', {});
    await barrier.reached;
    await cancelRun(run);
    await worker.logged('A step is asked to stop');
    barrier.release();
    return run;
  },
  'incremental-partial': ({ control }) => startAny(control, 'incrementalBackup', {}),
  'security-done': ({ control }) => startAny(control, 'securityMonitoring', {}),
  'compliance-done': ({ control }) => startAny(control, 'complianceCheck', {}),
  'report-done': ({ control }) => startAny(control, 'analyticsReport', {}),
  'prune-done': ({ control }) => startAny(control, 'prune', { repository: 'main' }),
  'prune-of-all': ({ control }) => startAny(control, 'prune', { schedule: 'repository_prune' }),
  'sweep-partial': ({ control }) => startAny(control, 'sweep', {}),
  'kubernetes-done': ({ control }) => startAny(control, 'kubernetesBackup', {}),
};

/** Histories in which a backup stands still at a point. */
const held = ['backup-cancelled', 'daily-merged', 'daily-cancelled'];

const wanted = process.argv.slice(2);
const server = await startTemporalServer({ executable: await ensureTemporal(), headless: true });
try {
  for (const [name, scene] of Object.entries(scenes)) {
    if (wanted.length === 0 || wanted.includes(name)) await record(name, scene, server.address);
  }
} finally {
  await server.stop();
}

function startAny(control: Control, workflowType: string, input: object): Promise<Run<unknown>> {
  return startRun<unknown>(control, {
    workflowType,
    workflowId: `by-hand/${workflowType}`,
    input,
    summary: 'By hand',
  });
}

async function record(
  name: string,
  scene: (stage: Stage) => Promise<Run<unknown>>,
  address: string,
): Promise<void> {
  const endings: (() => void)[] = [];
  const cold = await coldS3({ after: (ending) => endings.push(ending) });
  const installation = await install({
    address,
    temporal: 'hostTimeout: 1s',
    moreRepositories: `  second: { url: second, password: "file:key" }
  third: { url: third, password: "file:absent.key" }
  archive: { url: archive, password: "file:key", archive: true }${name.startsWith('thaw') ? `\n${frozenRepository(cold, 'frozen')}` : ''}`,
    more: 'defaultRepository: main',
    moreSources: `  gone: { kind: files, paths: [gone], copies: [second, third] }
  far: { kind: files, paths: [/etc], host: lonely-host }
  hooked:
    kind: files
    paths: [docs]
    hooks: { before: [{ command: ['true'] }], afterRead: [{ command: ['false'] }], always: [{ command: ['true'] }] }`,
  });
  const barrier = barrierAt('before index put');
  let failures = 0;
  const holds = held.includes(name);
  const worker = await runWorkers(installation, {
    timing: { storageFullRetryMs: 100 },
    repositoryOptions: {
      failpoint: (point) => {
        if (point === 'before pack put' && failures > 0) {
          failures -= 1;
          throw new Failure('StorageFull', 'The disk of the test is full');
        }
        return holds ? barrier.failpoint(point) : undefined;
      },
    },
  });
  const control = await connectControl({ settings: { address }, env: {} });
  try {
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 10_000 });
    if (!name.startsWith('backup') && !holds) await runResult(await startBackup(control, { source: 'docs' }));
    const fail = (times: number): void => {
      failures = times;
    };
    const run = await scene({ control, installation, worker, barrier, fail, cold });
    const end = await runResult(run).then(() => 'done', String);
    await keepHistory(name, run.handle);
    console.log(`${name}: ${end}`);
  } finally {
    await control.close();
    await worker.stop();
    await installation.remove();
    for (const end of endings) end();
  }
}
