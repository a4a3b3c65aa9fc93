import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { RestoreInput } from '../../contracts/inputs.ts';
import type { RestoreResult } from '../../contracts/jobs.ts';
import { startBackup } from '../../control/backup.ts';
import {
  confirmRestore,
  rejectRestore,
  startRestore,
  startRestorePlan,
  startRollback,
} from '../../control/restore.ts';
import { cancelRun, type Run, runResult } from '../../control/runs.ts';
import { watchRun } from '../../control/watch.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { failureOf } from '../failure-of.ts';
import { connectionUrl, createDatabase, postgresServer, type SharedPostgres } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { column, connectionTo, execute } from '../sources/postgres/sample.ts';
import { type Bench, barrierAt, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { startWorkerChild } from './worker-child.ts';

/** Without a question and without a backup before, which have tests of their own. */
const quick: RestoreInput = { source: 'db', confirmed: true, safetyBackup: false };

describe('a restore over a database', () => {
  let temporal: TemporalServer;
  let postgres: SharedPostgres;

  before(async () => {
    postgres = await postgresServer(17);
    temporal = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => temporal?.stop());

  test('waits for its name, backs up what is there, replaces it, and can be rolled back', async (t) => {
    const stage = await setStage(t, temporal, postgres);
    const { control, name, installation } = stage;
    const plan = await runResult(await startRestorePlan(control, { source: 'db' }));
    assert.deepEqual(plan.blockers, []);
    assert.ok(plan.databases[0]?.replaced?.startsWith(`${name}__before_`));
    assert.match(plan.forecast?.basis ?? '', /^estimate: no restore of this source has been measured yet$/);
    assert.deepEqual(await leftBeside(stage), [], 'looking makes nothing');
    const run = await startRestore(control, { source: 'db' });
    await phaseOf(run, 'confirm');
    const { message } = await failureOf(confirmRestore(run, 'other'), 'InvalidInput');
    assert.equal(
      message,
      `The confirmation is wrong: target: must be "${name}", the name of what is replaced`,
    );
    assert.deepEqual(await words(stage), ['new'], 'nothing has been touched');
    await confirmRestore(run, name);
    const { replaced, safetySnapshot, checks } = await runResult(run);
    assert.ok(replaced && safetySnapshot && checks.every(({ passed }) => passed));
    assert.deepEqual(await words(stage), ['old']);
    const safety = (await installation.snapshots()).find(({ id }) => id === safetySnapshot);
    assert.ok(safety?.tags.includes('safety') && safety.tags.includes(`restore:${run.runId}`));

    const { outcome, databases } = await runResult(await startRollback(control, replaced.restore));
    assert.deepEqual({ outcome, databases }, { outcome: 'rolled back', databases: [name] });
    assert.deepEqual(await words(stage), ['new']);
    assert.deepEqual(await leftBeside(stage), []);
    await control.client.workflow.getHandle(`replaced/${replaced.restore}`).result();
    await failureOf(startRollback(control, replaced.restore), 'NotFound');
  });

  test('that nobody confirms, or that is rejected, changes nothing', async (t) => {
    const stage = await setStage(t, temporal, postgres);
    const late = await startRestore(stage.control, { source: 'db', confirmWithin: '1s' });
    const { message } = await failureOf(runResult(late), 'NotConfirmed');
    assert.equal(message, `Replacing "${stage.name}" was not confirmed in time: nothing was changed`);
    const rejected = await startRestore(stage.control, { source: 'db' });
    await phaseOf(rejected, 'confirm');
    await rejectRestore(rejected);
    await failureOf(runResult(rejected), 'NotConfirmed');
    assert.deepEqual(await words(stage), ['new']);
    assert.deepEqual(await leftBeside(stage), []);
  });

  test('that is cancelled in the middle leaves the database as it was and nothing beside it', async (t) => {
    const barrier = barrierAt('after loadSection');
    const stage = await setStage(t, temporal, postgres, barrier.failpoint);
    const run = await startRestore(stage.control, quick);
    await barrier.reached;
    await cancelRun(run);
    barrier.release();
    await failureOf(runResult(run), 'Cancelled');
    assert.deepEqual(await words(stage), ['new']);
    assert.deepEqual(await leftBeside(stage), []);
  });

  test('and a roll-back wait for each other, also when asked for past the command line', async (t) => {
    const backwards = barrierAt('before rollBackDatabases');
    const forwards = barrierAt('after prepareDatabase');
    let isSecond = false;
    const stage = await setStage(t, temporal, postgres, async (point) => {
      await backwards.failpoint(point);
      if (isSecond) await forwards.failpoint(point);
    });
    const { control } = stage;
    const { replaced } = await runResult(await startRestore(control, quick));
    assert.ok(replaced);
    const kept = control.client.workflow.getHandle(`replaced/${replaced.restore}`);
    isSecond = true;
    const restore = await startRestore(control, quick);
    await forwards.reached;
    await assert.rejects(kept.executeUpdate('rollback'), (error) =>
      /A restore or a roll-back of db is under way/.test(String((error as Error).cause)),
    );
    await failureOf(startRollback(control, replaced.restore), 'AlreadyRunning');
    await cancelRun(restore);
    forwards.release();
    await failureOf(runResult(restore), 'Cancelled');
    const back = await startRollback(control, replaced.restore);
    await backwards.reached;
    await failureOf(startRestore(control, quick), 'AlreadyRunning');
    assert.equal((await startRollback(control, replaced.restore)).runId, back.runId);
    backwards.release();
    assert.equal((await runResult(back)).outcome, 'rolled back');
    assert.deepEqual(await words(stage), ['new']);
    await kept.result();
  });

  test('what it has replaced is removed when its time is over', async (t) => {
    const stage = await setStage(t, temporal, postgres);
    const { replaced } = await runResult(await startRestore(stage.control, { ...quick, keepReplaced: '0s' }));
    assert.ok(replaced);
    const handle = stage.control.client.workflow.getHandle(`replaced/${replaced.restore}`);
    await handle.result();
    assert.deepEqual(await words(stage), ['old']);
    assert.deepEqual(await leftBeside(stage), []);
  });

  const kinds: readonly (readonly [string, RestoreInput])[] = [
    ['the database', quick],
    ['its table', { ...quick, tables: ['public.note'] }],
  ];
  for (const [what, input] of kinds) {
    test(`whose worker is killed at every step is finished, ${what} wholly old or new at each moment`, async (t) => {
      const stage = await setStage(t, temporal, postgres);
      await stage.worker.stop();
      const { installation, control } = stage;
      const run = await startRestore(control, input);
      for (const [point, count, content] of deaths) {
        const env = environment(postgres, connectionUrl(postgres, 'postgres'));
        const child = await startWorkerChild(installation, { name: point, count, env });
        cleanUp(t, () => child.kill());
        await child.reached;
        await child.kill();
        assert.deepEqual(await words(stage), [content], `after a death ${point}`);
      }
      const child = await startWorkerChild(installation, {
        name: 'nowhere',
        count: 1,
        env: environment(postgres, connectionUrl(postgres, 'postgres')),
      });
      cleanUp(t, () => child.kill());
      const { checks, replaced } = await runResult(run);
      assert.ok(replaced && checks.length > 0 && checks.every(({ passed }) => passed));
      assert.deepEqual(await words(stage), ['old']);
      assert.deepEqual(
        await leftBeside(stage),
        replaced.databases.map(({ keptAs }) => keptAs),
      );
      await runResult(await startRollback(control, replaced.restore));
      assert.deepEqual(await words(stage), ['new']);
      assert.deepEqual(await leftBeside(stage), []);
    });
  }
});

/** Each worker dies once its step is done and before anybody knows; what the live database holds then. */
const deaths = [
  ['after prepareDatabase', 1, 'new'],
  ['after loadSection', 1, 'new'],
  ['after loadSection', 2, 'new'],
  ['after loadSection', 2, 'new'],
  ['after finishDatabase', 1, 'new'],
  ['after compareDatabase', 1, 'new'],
  ['before swapDatabases', 1, 'new'],
  ['after swapDatabases', 1, 'old'],
] as const;

interface Stage extends Bench {
  readonly postgres: SharedPostgres;
  /** Of the database. */
  readonly name: string;
}

/** A database that was backed up when its only word was "old", and says "new" now. */
async function setStage(
  t: TestContext,
  temporal: TemporalServer,
  postgres: SharedPostgres,
  failpoint?: (name: string) => Promise<void>,
): Promise<Stage> {
  const { name, drop } = await createDatabase(postgres, `saga_${randomBytes(2).toString('hex')}`);
  cleanUp(t, drop);
  await execute(
    connectionTo(postgres, name),
    `CREATE TABLE note (id int PRIMARY KEY, word text); INSERT INTO note VALUES (1, 'old')`,
  );
  const bench = await workBench(t, temporal.address, {
    installation: {
      moreSources: `  db: { kind: postgres, connection: "env:SAGA_URL", databases: [${name}] }`,
    },
    worker: {
      env: environment(postgres, connectionUrl(postgres, 'postgres')),
      ...(failpoint !== undefined && { failpoint }),
    },
  });
  const stage = { ...bench, postgres, name };
  cleanUp(t, async () => {
    // Schemas go with the database.
    for (const left of (await leftBeside(stage)).filter((place) => !place.startsWith('schema '))) {
      await execute(connectionTo(postgres), `DROP DATABASE "${left}" WITH (FORCE)`);
    }
  });
  await runResult(await startBackup(bench.control, { source: 'db' }));
  await execute(connectionTo(postgres, name), `UPDATE note SET word = 'new'`);
  return stage;
}

async function words({ postgres, name }: Stage): Promise<readonly string[]> {
  return await column(connectionTo(postgres, name), 'SELECT word FROM public.note');
}

/** Databases that restores have made beside that of the stage, and schemas in it. */
async function leftBeside({ postgres, name }: Stage): Promise<readonly string[]> {
  const databases = await column(
    connectionTo(postgres),
    `SELECT datname FROM pg_database WHERE datname LIKE '${name}\\_\\_%' ORDER BY 1`,
  );
  const schemas = await column(
    connectionTo(postgres, name),
    `SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'public\\_\\_%' ORDER BY 1`,
  );
  return [...databases, ...schemas];
}

async function phaseOf(run: Run<RestoreResult>, wanted: string): Promise<void> {
  for await (const { phase } of watchRun(run, { fastMs: 50, slowMs: 50 })) if (phase === wanted) return;
  throw new Error(`The run ended before it was at ${wanted}`);
}

function environment({ binDir }: SharedPostgres, url: string): NodeJS.ProcessEnv {
  return { ...process.env, SAGA_URL: url, PATH: `${binDir}:${process.env.PATH}` };
}
