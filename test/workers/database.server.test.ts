import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Failure, isFailure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { connectControl } from '../../control/client.ts';
import { startRestore } from '../../control/restore.ts';
import { cancelRun, type Run, runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { postgresServer, type SharedPostgres } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { barrierAt, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { databaseWithRole, dropDatabase } from './database.ts';
import { install } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { isRunning, runningProcesses, type SeenProcess } from './processes.ts';
import { runWorkers } from './running-worker.ts';
import { startWorkerChild } from './worker-child.ts';

describe('a backup of a database', () => {
  let temporal: TemporalServer;
  let postgres: SharedPostgres;

  before(async () => {
    postgres = await postgresServer(17);
    temporal = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => temporal?.stop());

  test('leaves no secret in histories, logs and the arguments of programs', async (t) => {
    const { name, url, password, wrongUrl } = await databaseWithRole(t, postgres);
    const env = environment(postgres, { CANARY_URL: url, CANARY_WRONG: wrongUrl, CANARY_PASSWORD: password });
    const barrier = barrierAt('before pack put');
    const { installation, control, worker } = await workBench(t, temporal.address, {
      installation: {
        moreSources: `  db: { kind: postgres, connection: "env:CANARY_URL", databases: [${name}] }
  refused: { kind: postgres, connection: "env:CANARY_WRONG", databases: [${name}] }
  unreachable:
    kind: postgres
    connection: { host: 127.0.0.1, port: 1, user: x, password: "env:CANARY_PASSWORD" }`,
      },
      worker: { env, repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    const run = await startBackup(control, { source: 'db' });
    await barrier.reached;
    const processes = await runningProcesses();
    assert.ok(processes.some(isDumpOf(process.pid)), 'the dump is under way');
    barrier.release();
    await runResult(run);
    const refused = await startBackup(control, { source: 'refused' });
    assert.equal((await failureOf(refused)).type, 'SourceAuthentication');
    const unreachable = await startBackup(control, { source: 'unreachable' });
    await worker.logged('SourceUnreachable');
    // Its further attempts say the same.
    await cancelRun(unreachable);
    assert.equal((await failureOf(unreachable)).type, 'Cancelled');

    const secrets = [password, installation.password];
    for (const { line } of processes) assertNoneOf(secrets, line);
    assertNoneOf(secrets, worker.log());
    for (const { handle } of [run, refused, unreachable]) {
      assertNoneOf(secrets, allTextIn(await handle.fetchHistory()));
      assertNoneOf(secrets, allTextIn((await handle.describe()).raw));
    }
  });

  test('whose worker is killed leaves no pg_dump, and is finished by another worker', async (t) => {
    const { name, url } = await databaseWithRole(t, postgres);
    const env = environment(postgres, { DATABASE_URL: url });
    const installation = await install({
      address: temporal.address,
      moreSources: `  db: { kind: postgres, connection: "env:DATABASE_URL", databases: [${name}] }`,
    });
    cleanUp(t, () => installation.remove());
    const control = await connectControl({ settings: installation.configuration.temporal, env: {} });
    cleanUp(t, () => control.close());
    const child = await startWorkerChild(installation, { name: 'before pack put', count: 1, env });
    cleanUp(t, () => child.kill());
    const run = await startBackup(control, { source: 'db' });
    await child.reached;
    const dumps = (await runningProcesses()).filter(isDumpOf(child.process.pid));
    assert.ok(dumps.length > 0, 'the dump is under way');
    await child.kill();
    // The kernel ends them in its own time, which no event tells.
    for (const dump of dumps) while (await isRunning(dump)) await delay(10);

    const worker = await runWorkers(installation, { env });
    cleanUp(t, () => worker.stop());
    assert.equal((await runResult(run)).status, 'done');
    const { snapshots, locks } = await installation.inventory();
    assert.deepEqual({ snapshots, locks }, { snapshots: 1, locks: 0 });

    const target = `restored_${randomBytes(4).toString('hex')}`;
    cleanUp(t, () => dropDatabase(postgres, target));
    const { checks } = await runResult(await startRestore(control, { source: 'db', target }));
    assert.ok(checks.length > 0);
    assert.ok(checks.every(({ passed }) => passed));
  });
});

/** With the tools of the server's version. */
function environment({ binDir }: SharedPostgres, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...process.env, ...more, PATH: `${binDir}:${process.env.PATH}` };
}

function isDumpOf(worker: number | undefined): (process: SeenProcess) => boolean {
  return ({ parent, line }) => parent === worker && line.includes('pg_dump');
}

async function failureOf(run: Run<unknown>): Promise<Failure> {
  const failure = await runResult(run).catch((error: unknown) => error);
  assert.ok(isFailure(failure), `the run did not fail: ${failure}`);
  return failure;
}

function assertNoneOf(secrets: readonly string[], text: string): void {
  for (const secret of secrets) assert.ok(!text.includes(secret), `a secret stands in: ${text}`);
}

/** Every text and every bytes of a message of Temporal, payloads included. */
function allTextIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString('utf8')}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .map(([name, inner]) => `${name}\n${allTextIn(inner)}`)
    .join('');
}
