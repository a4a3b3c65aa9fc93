import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { RestoreInput } from '../../contracts/inputs.ts';
import { startBackup } from '../../control/backup.ts';
import { startRestore, startRollback } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { createDatabase, execute, mariadbServer, type SharedMariadb, select } from '../servers/mariadb.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { type Bench, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { startWorkerChild } from './worker-child.ts';

describe('a restore over a database of MariaDB', () => {
  let temporal: TemporalServer;
  let server: SharedMariadb;

  before(async () => {
    server = await mariadbServer();
    temporal = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => temporal?.stop());

  test('whose worker is killed at every step is finished, the database whole at each moment', async (t) => {
    const stage = await setStage(t, temporal, server);
    const { installation, control, worker } = stage;
    await worker.stop();
    const run = await startRestore(control, quick);
    const env = environment(server);
    for (const [point, content] of deaths) {
      const child = await startWorkerChild(installation, { name: point, count: 1, env });
      cleanUp(t, () => child.kill());
      await child.reached;
      await child.kill();
      assert.deepEqual(await words(stage), [content], `after a death at "${point}"`);
    }
    const child = await startWorkerChild(installation, { name: 'nowhere', count: 1, env });
    cleanUp(t, () => child.kill());
    const { checks, replaced } = await runResult(run);
    assert.ok(replaced && checks.length > 0 && checks.every(({ passed }) => passed));
    assert.deepEqual(await words(stage), ['old']);
    assert.deepEqual(
      await leftBeside(stage),
      replaced.databases.map(({ keptAs }) => keptAs),
    );
    await execute(server, ['INSERT INTO counted VALUES (1)'], stage.name);
    assert.deepEqual(
      await select(server, 'SELECT id FROM counted', stage.name),
      [['2']],
      'triggers are there',
    );

    const { outcome } = await runResult(await startRollback(control, replaced.restore));
    assert.equal(outcome, 'rolled back');
    assert.deepEqual(await words(stage), ['new']);
    assert.deepEqual(await leftBeside(stage), []);
  });
});

/** Without a question and without a backup before, which the tests of PostgreSQL have. */
const quick: RestoreInput = { source: 'db', confirmed: true, safetyBackup: false };

/**
 * Each worker dies once it has come so far and before anybody knows; what the live database holds then. Deaths in
 * the swap are few, since Temporal waits longer after each of one step; restore/mysql/behaviour.ts has one after
 * every statement.
 */
const deaths = [
  ['after prepareDatabase', 'new'],
  ['after loadSection', 'new'],
  ['after finishDatabase', 'new'],
  ['after compareDatabase', 'new'],
  ['swap: triggers dropped', 'new'],
  ['swap: tables moved', 'old'],
  ['swap: code made', 'old'],
] as const;

interface Stage extends Bench {
  readonly server: SharedMariadb;
  /** Of the database. */
  readonly name: string;
}

/** A database that was backed up when its only word was "old", and says "new" now. */
async function setStage(t: TestContext, temporal: TemporalServer, server: SharedMariadb): Promise<Stage> {
  const { name, drop } = await createDatabase(server, 'saga');
  cleanUp(t, drop);
  await execute(
    server,
    [
      'CREATE TABLE note (id int PRIMARY KEY, word text)',
      "INSERT INTO note VALUES (1, 'old')",
      'CREATE TABLE counted (id int)',
      'CREATE TRIGGER one_more BEFORE INSERT ON counted FOR EACH ROW SET NEW.id = NEW.id + 1',
      'CREATE VIEW noted AS SELECT word FROM note',
    ],
    name,
  );
  const bench = await workBench(t, temporal.address, {
    installation: {
      moreSources: `  db: { kind: mysql, connection: "env:SAGA_URL", databases: [${name}], users: false }`,
    },
    worker: { env: environment(server) },
  });
  const stage = { ...bench, server, name };
  cleanUp(t, async () => {
    const left = await leftBeside(stage);
    await execute(
      server,
      left.map((database) => `DROP DATABASE ${database}`),
    );
  });
  await runResult(await startBackup(bench.control, { source: 'db' }));
  await execute(server, ["UPDATE note SET word = 'new'"], name);
  return stage;
}

async function words({ server, name }: Stage): Promise<readonly string[]> {
  return (await select(server, 'SELECT word FROM note', name)).flat();
}

/** Databases that restores have made beside that of the stage. */
async function leftBeside({ server, name }: Stage): Promise<readonly string[]> {
  return (await select(server, `SHOW DATABASES LIKE '${name}\\_\\_%'`)).flat();
}

function environment({ binDir, host, port, user }: SharedMariadb): NodeJS.ProcessEnv {
  const SAGA_URL = `mysql://${user}@${host}:${port}`;
  return { ...process.env, SAGA_URL, PATH: `${binDir}:${process.env.PATH}` };
}
