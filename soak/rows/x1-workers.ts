import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, watch } from 'node:fs/promises';
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
import { removeFolder } from '../../test/remove-folder.ts';
import { temporalExecutable } from '../../test/servers/temporal-executable.ts';
import { fillWithRandomFiles, type Installation, install } from '../../test/workers/installation.ts';
import { packSizeBytes } from '../../test/workers/pack-size.ts';
import { startWorkerChild, type WorkerChild } from '../../test/workers/worker-child.ts';
import { workflowCodeFile } from '../../test/workers/workflow-code.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { assertNoOrphans, fileHashes, restore } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const files = { files: 60, bytesEach: 200_000 };
const sourceBytes = files.files * files.bytesEach;
/** About what a whole backup takes: the fault may come before, amid and after it. */
const longestWaitMs = 2500;
/** Fewer than the source becomes. */
const mostPacks = 18;
const minuteMs = 60_000;
/** Of the installation. */
const heartbeatTimeoutMs = 3000;

interface Place {
  readonly installation: Installation;
  readonly control: Control;
  readonly server: Server;
  readonly worker: WorkerChild;
  /** Starts another one, that stops at no failpoint. */
  readonly startWorker: () => Promise<WorkerChild>;
  readonly random: Random;
  readonly run: RowRun;
  /** Bytes of packs that may hold what others hold. */
  readonly mostTwice: number;
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
    harm: async ({ startWorker, worker }) => {
      await worker.kill();
      return await startWorker();
    },
  },
);

export const endedWorkers: Row = row(
  'X3',
  { test: 1, soak: 20 },
  {
    title: 'a worker that is asked to end amid a backup ends well, and the next one goes on',
    harm: async ({ startWorker, worker, run }) => {
      const fromMs = performance.now();
      const ended = once(worker.process, 'exit');
      worker.process.kill('SIGTERM');
      const next = await startWorker();
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

export const awayForAMinute: Row = row(
  'X4-minute',
  { test: 0, soak: 10 },
  {
    title: 'a backup whose Temporal server is killed and away for a minute is finished, and stored once',
    harm: async ({ server }) => {
      await server.killAndStart(minuteMs);
      return undefined;
    },
    hangMs: 5 * minuteMs,
  },
);

export const awayForLong: Row = row(
  'X4-long',
  { test: 0, soak: 1 },
  {
    title: 'the same for ten minutes, or for what the time of the row leaves',
    harm: async ({ server, run }) => {
      const awayMs = Math.max(minuteMs, Math.min(10 * minuteMs, run.leftMs - minuteMs));
      run.figure('outage, s', awayMs / 1000);
      await server.killAndStart(awayMs);
      return undefined;
    },
    hangMs: 20 * minuteMs,
  },
);

export const frozenWorkers: Row = row(
  'X5',
  { test: 0, soak: 20 },
  {
    title: 'a worker that is frozen longer than its heartbeat may be stores nothing when it wakes',
    harm: async ({ startWorker, worker, random }) => {
      worker.process.kill('SIGSTOP');
      const next = await startWorker();
      // It wakes amid the work of the other, or when that is done.
      if (random.below(4) > 0) {
        await delay(2 * heartbeatTimeoutMs + random.below(heartbeatTimeoutMs));
        worker.process.kill('SIGCONT');
      }
      return next;
    },
    // While both are awake, both store; the late one's packs are what a prune removes.
    mostTwice: sourceBytes * 1.02,
    // What the server gives to the polls of a frozen worker waits until its time is over, step by step.
    hangMs: 400_000,
  },
);

type WorkerRow = Pick<Row, 'title' | 'hangMs'> & { readonly harm: Harm } & Partial<Pick<Place, 'mostTwice'>>;

function row(
  id: string,
  counts: Row['counts'],
  { harm, mostTwice = 3 * packSizeBytes, ...more }: WorkerRow,
): Row {
  return {
    ...more,
    id,
    counts,
    run: async (run) => {
      const [server, workflowCode] = await Promise.all([startServer(run), workflowCodeFile(run)]);
      for (const { number, random } of run.cases()) {
        const isAmid = number % 2 === 0;
        const installation = await install({ address: server.address });
        const control = await connectControl({ settings: installation.configuration.temporal, env: {} });
        const startWorker = () => startWorkerChild(installation, { name: 'none', count: 1, workflowCode });
        const worker = await startWorker();
        try {
          const place = { installation, control, server, worker, startWorker, random, run, mostTwice };
          await run.check(isAmid ? 'amid the storing' : 'at any time', () => backUp(place, harm, isAmid));
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

async function backUp(place: Place, harm: Harm, isAmid: boolean): Promise<void> {
  const { installation, control, worker, random, run } = place;
  await fillWithRandomFiles(installation.docs, files);
  const packs = isAmid
    ? packsStored(installation.repositoryPath, 1 + random.below(mostPacks), run)
    : undefined;
  const backup = await startBackup(control, { source: 'docs' });
  await (packs ?? delay(random.below(longestWaitMs)));
  const next = await harm(place);
  const fromMs = performance.now();
  try {
    const { snapshot } = await runResult(backup);
    run.figure('time from the harm to the end, ms', performance.now() - fromMs);
    // Whoever was frozen has its chance now.
    worker.process.kill('SIGCONT');
    if (next && worker.process.exitCode === null && worker.process.signalCode === null) await delay(500);
    await assertStoredOnce(place, snapshot);
  } finally {
    await next?.kill();
  }
}

/** Resolves when so many packs are in a repository. */
async function packsStored(repositoryPath: string, count: number, { signal }: RowRun): Promise<void> {
  const stored = new Set<string>();
  const events = watch(path.join(repositoryPath, 'data'), { recursive: true, signal });
  for await (const { filename } of events) {
    if (/[0-9a-f]{64}$/.test(filename ?? '')) stored.add(filename ?? '');
    if (stored.size >= count) return;
  }
}

async function assertStoredOnce(
  { installation, run, mostTwice }: Place,
  snapshot: string | undefined,
): Promise<void> {
  const { repositoryPath, password, docs, inventory } = installation;
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
    await assertNoOrphans(repositoryPath);
    const twice = Math.max(0, packBytes - sourceBytes * 1.02);
    run.figure('bytes stored twice', twice);
    assert.ok(twice < mostTwice, `${packBytes} bytes are stored`);
  } finally {
    await removeFolder(target);
    await repository.close();
  }
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
