import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { runResult } from '../../control/runs.ts';
import { checkRepository } from '../../repository/check/check.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { temporalExecutable } from '../../test/servers/temporal-executable.ts';
import { fillWithRandomFiles, type Installation, install } from '../../test/workers/installation.ts';
import { packSizeBytes } from '../../test/workers/pack-size.ts';
import { startWorkerChild, type WorkerChild } from '../../test/workers/worker-child.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { fileHashes, removeFolder, restore } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const files = { files: 60, bytesEach: 200_000 };
const sourceBytes = files.files * files.bytesEach;
/** About what a whole backup takes: the fault may come before, amid and after it. */
const longestWaitMs = 2500;
/** Of the installation. */
const heartbeatTimeoutMs = 3000;

interface Place {
  readonly installation: Installation;
  readonly control: Control;
  readonly server: Server;
  readonly worker: WorkerChild;
  readonly random: Random;
  readonly run: RowRun;
}

interface Server {
  address: string;
  /** Ends it as `kill -9` does and starts it on the same port, with what it had stored. */
  killAndStart(awayMs: number): Promise<void>;
}

/** Does harm to a backup under way, and gives back the worker that is to finish it. */
type Harm = (place: Place) => Promise<WorkerChild | undefined>;

export const killedWorkers: Row = row(
  'X1',
  { test: 1, soak: 100 },
  {
    title: 'a backup whose worker is killed at any time is finished by the next, and stored once',
    harm: async ({ installation, worker }) => {
      await worker.kill();
      return await start(installation);
    },
  },
);

export const endedWorkers: Row = row(
  'X3',
  { test: 1, soak: 20 },
  {
    title: 'a worker that is asked to end amid a backup ends well, and the next one goes on',
    harm: async ({ installation, worker, run }) => {
      const fromMs = performance.now();
      const ended = once(worker.process, 'exit');
      worker.process.kill('SIGTERM');
      const next = await start(installation);
      const [code] = await ended;
      run.figure('time to end, ms', performance.now() - fromMs);
      assert.equal(code, 0);
      return next;
    },
  },
);

export const killedServers: Row = row(
  'X4',
  { test: 1, soak: 10 },
  {
    title: 'a backup whose Temporal server is killed and away for a while is finished, and stored once',
    harm: async ({ server, random }) => {
      await server.killAndStart(random.below(5000));
      return undefined;
    },
  },
);

export const frozenWorkers: Row = row(
  'X5',
  { test: 0, soak: 20 },
  {
    title: 'a worker that is frozen longer than its heartbeat may be stores nothing when it wakes',
    harm: async ({ installation, worker, random }) => {
      worker.process.kill('SIGSTOP');
      const next = await start(installation);
      // It wakes amid the work of the other, or when that is done.
      if (random.below(4) > 0) {
        await delay(2 * heartbeatTimeoutMs + random.below(heartbeatTimeoutMs));
        worker.process.kill('SIGCONT');
      }
      return next;
    },
    // What the server gives to the polls of a frozen worker waits until its time is over, step by step.
    hangMs: 400_000,
  },
);

function row(
  id: string,
  counts: Row['counts'],
  { harm, ...more }: Pick<Row, 'title' | 'hangMs'> & { readonly harm: Harm },
): Row {
  return {
    ...more,
    id,
    counts,
    run: async (run) => {
      const server = await startServer(run);
      for (const { random } of run.cases()) {
        const installation = await install({ address: server.address });
        const control = await connectControl({ settings: installation.configuration.temporal, env: {} });
        const worker = await start(installation);
        try {
          await run.check(id, () => backUp({ installation, control, server, worker, random, run }, harm));
        } finally {
          worker.process.kill('SIGCONT');
          await worker.kill();
          await control.close();
          await installation.remove();
        }
      }
    },
  };
}

async function backUp(place: Place, harm: Harm): Promise<void> {
  const { installation, control, worker, random, run } = place;
  await fillWithRandomFiles(installation.docs, files);
  const backup = await startBackup(control, { source: 'docs' });
  await delay(random.below(longestWaitMs));
  const next = await harm(place);
  const fromMs = performance.now();
  try {
    const { snapshot } = await runResult(backup);
    run.figure('time from the harm to the end, ms', performance.now() - fromMs);
    // Whoever was frozen has its chance now.
    worker.process.kill('SIGCONT');
    if (next && worker.process.exitCode === null && worker.process.signalCode === null) await delay(500);
    await assertStoredOnce(installation, snapshot, run);
  } finally {
    await next?.kill();
  }
}

async function assertStoredOnce(
  { repositoryPath, password, docs, inventory }: Installation,
  snapshot: string | undefined,
  run: RowRun,
): Promise<void> {
  assert.ok(snapshot !== undefined);
  const repository = await Repository.open(await openStore(repositoryPath), new Secret(password));
  const target = await mkdtemp(path.join(tmpdir(), 'resguardo-soak-'));
  try {
    const found = await Array.fromAsync(repository.snapshots());
    assert.deepEqual(
      found.map(({ id }) => id),
      [snapshot],
    );
    const { signal } = run;
    const { damages } = await checkRepository(repository, { readDataPercent: 100, signal });
    assert.deepEqual(damages, []);
    await repository.loadIndex();
    await restore(repository, { snapshot, target, signal });
    assert.deepEqual(await fileHashes(path.join(target, docs)), await fileHashes(docs));
    const { locks, packBytes } = await inventory();
    assert.equal(locks, 0, 'a lock is left');
    run.figure('bytes stored twice', Math.max(0, packBytes - sourceBytes * 1.02));
    assert.ok(packBytes < sourceBytes * 1.02 + 3 * packSizeBytes, `${packBytes} bytes are stored`);
  } finally {
    await removeFolder(target);
    await repository.close();
  }
}

/** A worker that stops at no failpoint. */
async function start(installation: Installation): Promise<WorkerChild> {
  return await startWorkerChild(installation, { name: 'none', count: 1 });
}

async function startServer(run: RowRun): Promise<Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-temporal-'));
  run.after(() => removeFolder(folder));
  const executable = await temporalExecutable();
  const settings = { executable, headless: true, dbFilename: path.join(folder, 'temporal.db') };
  let server: TemporalServer = await startTemporalServer(settings);
  run.after(() => server.stop());
  return {
    address: server.address,
    async killAndStart(awayMs) {
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
      await delay(awayMs);
      const port = Number(server.address.slice(server.address.lastIndexOf(':') + 1));
      server = await startTemporalServer({ ...settings, port });
    },
  };
}
