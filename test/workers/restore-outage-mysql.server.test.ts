import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackup } from '../../control/backup.ts';
import { startRestore, startRollback } from '../../control/restore.ts';
import { runResult } from '../../control/runs.ts';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { type MysqlServer, startMysqlServer } from '../../tools/mysql-server.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { execute, type SharedMariadb, select } from '../servers/mariadb.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';

/** What the live database holds once the server is back, where it died. */
const deaths = new Map([
  ['after loadSection', 'new'],
  ['swap: triggers dropped', 'new'],
  ['swap: tables moved', 'old'],
]);

describe('a restore whose MariaDB is killed', () => {
  let temporal: TemporalServer;

  before(async () => {
    temporal = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => temporal?.stop());

  test('goes on once it is back, the live database whole at each step, and so does the roll-back', async (t) => {
    const server = await startMortal(t);
    const seen: string[] = [];
    const left = new Map(deaths);
    const env = environment(server.shared);
    const { control } = await workBench(t, temporal.address, {
      installation: {
        moreSources: '  db: { kind: mysql, connection: "env:SAGA_URL", databases: [shop], users: false }',
      },
      worker: {
        env,
        failpoint: async (name) => {
          const expected = left.get(name);
          if (expected === undefined) return;
          left.delete(name);
          await server.dieAndReturn();
          assert.deepEqual(await words(server), [expected], `after a death at "${name}"`);
          seen.push(name);
        },
      },
    });
    await runResult(await startBackup(control, { source: 'db' }));
    await execute(server.shared, ["UPDATE note SET word = 'new'"], 'shop');

    const run = await startRestore(control, { source: 'db', confirmed: true, safetyBackup: false });
    // Between two points: while rows come in.
    await rowsComeIn(server);
    await server.dieAndReturn();
    assert.deepEqual(await words(server), ['new']);
    const { checks, replaced } = await runResult(run);
    assert.ok(replaced && checks.length > 0 && checks.every(({ passed }) => passed));
    assert.deepEqual(seen.toSorted(), [...deaths.keys()].toSorted());
    assert.deepEqual(await words(server), ['old']);
    assert.deepEqual(await triggersOf(server), [['one_more']]);

    left.set('swap: tables moved', 'new');
    const { outcome } = await runResult(await startRollback(control, replaced.restore));
    assert.equal(outcome, 'rolled back');
    assert.equal(left.size, 0);
    assert.deepEqual(await words(server), ['new']);
    assert.deepEqual(await triggersOf(server), [['one_more']]);
    const databases = (await select(server.shared, 'SHOW DATABASES')).flat();
    assert.deepEqual(
      databases.filter((name) => name.startsWith('shop')),
      ['shop'],
    );
  });
});

interface Mortal {
  readonly shared: SharedMariadb;
  /** Kills it at once, and starts it anew in the same place. */
  dieAndReturn(): Promise<void>;
}

/** A MariaDB with the database "shop", whose only word is "old". */
async function startMortal(t: TestContext): Promise<Mortal> {
  const tools = await ensureMariadb();
  const dataDir = join(await temporaryFolder(t), 'server');
  let server: MysqlServer = await startMysqlServer({ tools, dataDir });
  cleanUp(t, () => server.stop());
  const { host, port, user } = server;
  const shared = { host, port, user, binDir: tools.binDir };
  await execute(shared, ['CREATE DATABASE shop']);
  await execute(
    shared,
    [
      'CREATE TABLE note (id int PRIMARY KEY, word text)',
      "INSERT INTO note VALUES (1, 'old')",
      'CREATE TABLE big (id int PRIMARY KEY, one char(32), two char(32), KEY (one), KEY (two))',
      'INSERT INTO big SELECT seq, md5(seq), md5(-seq) FROM seq_1_to_100000',
      'CREATE TABLE counted (id int)',
      'CREATE TRIGGER one_more BEFORE INSERT ON counted FOR EACH ROW SET NEW.id = NEW.id + 1',
    ],
    'shop',
  );
  return {
    shared,
    async dieAndReturn() {
      await server.stop('SIGKILL');
      server = await startMysqlServer({ tools, dataDir, port });
    },
  };
}

function environment({ host, port, user, binDir }: SharedMariadb): NodeJS.ProcessEnv {
  return {
    ...process.env,
    SAGA_URL: `mysql://${user}@${host}:${port}`,
    PATH: `${binDir}:${process.env.PATH}`,
  };
}

async function words({ shared }: Mortal): Promise<readonly string[]> {
  return (await select(shared, 'SELECT word FROM note', 'shop')).flat();
}

async function triggersOf({ shared }: Mortal): Promise<readonly (readonly string[])[]> {
  return await select(
    shared,
    "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = 'shop'",
  );
}

/** Resolves when the restored copy gets the rows of its large table. */
async function rowsComeIn({ shared }: Mortal): Promise<void> {
  const sql = `SELECT id FROM information_schema.processlist WHERE db LIKE 'shop\\_\\_restore%' AND info LIKE 'INSERT INTO \`big\`%'`;
  for (;;) {
    // It may be away in this moment.
    const found = await select(shared, sql).catch(() => []);
    if (found.length > 0) return;
    await delay(5);
  }
}
