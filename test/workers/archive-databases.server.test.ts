import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { RestoreInput } from '../../contracts/inputs.ts';
import { startBackup } from '../../control/backup.ts';
import { confirmRestore, startRestore, startRestorePlan } from '../../control/restore.ts';
import { type Run, runResult } from '../../control/runs.ts';
import { watchRun } from '../../control/watch.ts';
import { copySnapshots } from '../../repository/copy.ts';
import { Repository } from '../../repository/repository.ts';
import { describingBlobs } from '../../restore/describing-blobs.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { failureOf } from '../failure-of.ts';
import { cheapScrypt, noSignal } from '../repository/test-repository.ts';
import {
  createDatabase as createOnMariadb,
  execute as executeOn,
  mariadbServer,
  select,
} from '../servers/mariadb.ts';
import { connectionUrl, createDatabase, postgresServer, type SharedPostgres } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { column, connectionTo, execute } from '../sources/postgres/sample.ts';
import { type ColdS3, coldS3 } from '../stores/cold-s3.ts';
import { type BenchOptions, workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { frozenRepository } from './frozen-repository.ts';
import type { Installation } from './installation.ts';
import { runWorkers } from './running-worker.ts';

const fromArchive: RestoreInput = { source: 'db', repository: 'archive', safetyBackup: false };
const bulk = { speed: 'bulk', days: 2 } as const;

describe('a database in an archive', () => {
  let temporal: TemporalServer;

  before(async () => {
    temporal = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => temporal?.stop());

  test('is planned and confirmed before anything is thawed, then waited for and restored', async (t) => {
    const { control, cold, name, postgres, worker, installation, env } = await postgresStage(t, temporal);
    const hashes = () => column(connectionTo(postgres, name), hashesOfTables);
    const before = await hashes();
    await execute(connectionTo(postgres, name), `UPDATE large SET word = 'changed'; DROP TABLE small`);

    const plan = await runResult(await startRestorePlan(control, fromArchive));
    assert.deepEqual([plan.blockers, plan.databases.map(({ target }) => target)], [[], [name]]);
    assert.ok(plan.thaw && plan.thaw.frozen.packs > 0 && plan.thaw.frozen.bytes > 0);
    assert.deepEqual(
      plan.thaw.ways.map(({ speed, hours: [, to] }) => `${speed} ${to >= 3 ? 'hours' : 'soon'}`),
      ['bulk hours', 'standard hours', 'expedited soon'],
    );
    const { advice } = await failureOf(runResult(await startRestore(control, fromArchive)), 'RestoreBlocked');
    assert.match(advice, /--thaw with bulk \(up to 12 h\)/);

    const run = await startRestore(control, { ...fromArchive, thaw: bulk });
    await phaseOf(run, 'confirm');
    assert.deepEqual(thawRequests(cold), [], 'nothing was asked for before somebody has confirmed');
    await confirmRestore(run, name);
    await phaseOf(run, 'waiting');
    assert.ok(thawRequests(cold).length > 0 && thawRequests(cold).every(({ tier }) => tier === 'Bulk'));
    await worker.stop();
    cold.thaw();
    const again = await runWorkers(installation, { env: { ...env, COLD_KEY: 'key' } });
    cleanUp(t, () => again.stop());
    await run.handle.signal('thawed');
    const { checks, replaced } = await runResult(run);
    assert.ok(replaced && checks.length > 0 && checks.every(({ passed }) => passed));
    assert.deepEqual(await hashes(), before);
    assert.deepEqual(refused(cold), [], 'nothing that was frozen was read');
  });

  test('of which a table is wanted is thawed as far as that table needs it', async (t) => {
    const { control, cold, name, postgres } = await postgresStage(t, temporal);
    await execute(connectionTo(postgres, name), 'DROP TABLE small');
    const part = { ...fromArchive, tables: ['public.small'] };
    const whole = await runResult(await startRestorePlan(control, fromArchive));
    const plan = await runResult(await startRestorePlan(control, part));
    assert.ok(whole.thaw && plan.thaw);
    assert.ok(plan.thaw.frozen.packs > 0 && plan.thaw.frozen.packs < whole.thaw.frozen.packs);
    assert.ok(plan.thaw.frozen.bytes < whole.thaw.frozen.bytes / 4);
    cold.thawAfterLooks(0);
    const run = await startRestore(control, { ...part, thaw: bulk });
    await phaseOf(run, 'waiting');
    await run.handle.signal('thawed');
    const { checks } = await runResult(run);
    assert.ok(checks.every(({ passed }) => passed));
    assert.equal(thawRequests(cold).length, plan.thaw.frozen.packs);
    assert.deepEqual(await column(connectionTo(postgres, name), 'SELECT count(*) FROM public.small'), [
      '3000',
    ]);
  });

  test('that others have copied there, with all that tells of it, is thawed as a whole', async (t) => {
    const { control, cold, name, postgres } = await postgresStage(t, temporal, { isDescribed: false });
    const input = { ...fromArchive, tables: ['public.small'], target: `${name}_new` };
    cleanUp(t, () => execute(connectionTo(postgres), `DROP DATABASE IF EXISTS "${name}_new"`));
    const plan = await runResult(await startRestorePlan(control, input));
    assert.deepEqual([plan.databases, plan.thaw?.frozen.packs], [[], plan.thaw?.needed.packs]);
    cold.thawAfterLooks(0);
    const run = await startRestore(control, { ...input, thaw: bulk });
    await phaseOf(run, 'waiting');
    await run.handle.signal('thawed');
    const { checks } = await runResult(run);
    assert.ok(checks.every(({ passed }) => passed));
    const words = await column(connectionTo(postgres, `${name}_new`), 'SELECT count(*) FROM public.small');
    assert.deepEqual(words, ['3000']);
  });

  test('of MariaDB is thawed without the other databases of its server', async (t) => {
    const server = await mariadbServer();
    const [one, other] = [await createOnMariadb(server, 'one'), await createOnMariadb(server, 'other')];
    for (const { name, drop } of [one, other]) {
      cleanUp(t, drop);
      const rows = 'SELECT seq AS id, md5(rand()) AS word FROM seq_1_to_30000';
      await executeOn(server, [`CREATE TABLE item ENGINE = InnoDB AS ${rows}`], name);
    }
    const { binDir, host, port, user } = server;
    const env = { ...process.env, STAGE_URL: `mysql://${user}@${host}:${port}`, PATH: pathWith(binDir) };
    const source = `  db: { kind: mysql, connection: "env:STAGE_URL", databases: [${one.name}, ${other.name}], users: false }`;
    const { control, cold } = await stageOf(t, temporal, { source, env });
    const checksum = () => select(server, 'CHECKSUM TABLE item', one.name);
    const before = await checksum();
    await executeOn(server, ["UPDATE item SET word = 'changed'"], one.name);
    const whole = await runResult(await startRestorePlan(control, fromArchive));
    const part = { ...fromArchive, include: [one.name] };
    const plan = await runResult(await startRestorePlan(control, part));
    assert.ok(whole.thaw && plan.thaw && plan.thaw.frozen.packs > 0);
    assert.ok(plan.thaw.frozen.bytes < whole.thaw.frozen.bytes * 0.6);
    cold.thawAfterLooks(0);
    const run = await startRestore(control, { ...part, thaw: bulk, confirmed: true, keepReplaced: '0s' });
    await phaseOf(run, 'waiting');
    await run.handle.signal('thawed');
    const { checks, replaced } = await runResult(run);
    assert.ok(checks.every(({ passed }) => passed));
    assert.deepEqual(await checksum(), before);
    assert.equal(thawRequests(cold).length, plan.thaw.frozen.packs);
    await control.client.workflow.getHandle(`replaced/${replaced?.restore}`).result();
  });
});

/** One line for each table: its name, and a hash of its rows. */
const hashesOfTables = `SELECT 'large ' || md5(string_agg(l::text, ',' ORDER BY id)) FROM public.large AS l
  UNION ALL SELECT 'small ' || md5(string_agg(s::text, ',' ORDER BY id)) FROM public.small AS s ORDER BY 1`;

/** A database with a large and a small table, which was backed up, and whose backup was copied into an archive. */
async function postgresStage(t: TestContext, temporal: TemporalServer, { isDescribed = true } = {}) {
  const postgres: SharedPostgres = await postgresServer(17);
  const { name, drop } = await createDatabase(postgres, 'archived');
  cleanUp(t, async () => {
    const beside = `SELECT datname FROM pg_database WHERE datname LIKE '${name}\\_\\_%'`;
    for (const left of await column(connectionTo(postgres), beside)) {
      await execute(connectionTo(postgres), `DROP DATABASE "${left}" WITH (FORCE)`);
    }
    await drop();
  });
  await execute(
    connectionTo(postgres, name),
    ['large 60000', 'small 3000']
      .map((table) => table.split(' '))
      .map(
        ([table, rows]) =>
          `CREATE TABLE ${table} AS SELECT id, md5(random()::text) AS word FROM generate_series(1, ${rows}) AS id`,
      )
      .join('; '),
  );
  const env = {
    ...process.env,
    STAGE_URL: connectionUrl(postgres, 'postgres'),
    PATH: pathWith(postgres.binDir),
  };
  const source = `  db: { kind: postgres, connection: "env:STAGE_URL", databases: [${name}] }`;
  return { ...(await stageOf(t, temporal, { source, env, isDescribed })), name, postgres, env };
}

interface Stage {
  /** The source `db`, in YAML. */
  readonly source: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether the copy keeps readable what tells of the dumps. */
  readonly isDescribed?: boolean;
}

async function stageOf(
  t: TestContext,
  { address }: TemporalServer,
  { source, env, isDescribed = true }: Stage,
) {
  const cold = await coldS3(t);
  const options: BenchOptions = {
    installation: {
      moreRepositories: frozenRepository(cold, 'archive'),
      moreSources: source,
      more: 'defaultRepository: main',
    },
    worker: { env: { ...env, COLD_KEY: 'key' } },
  };
  const bench = await workBench(t, address, options);
  await runResult(await startBackup(bench.control, { source: 'db' }));
  await copyIntoArchive(bench.installation, cold, isDescribed);
  return { ...bench, cold };
}

/** Copies with a pack for each blob, so that a little data has several. */
async function copyIntoArchive(
  { repositoryPath, password }: Installation,
  cold: ColdS3,
  isDescribed: boolean,
): Promise<void> {
  const from = await Repository.open(await openStore(repositoryPath), new Secret(password));
  const settings = {
    env: { COLD_KEY: 'key' },
    s3: { accessKeyId: 'env:COLD_KEY', secretAccessKey: 'env:COLD_KEY', storageClass: 'GLACIER' as const },
  };
  const store = await openStore(`s3:${cold.origin}/archive/main`, settings);
  const to = await Repository.init(store, new Secret(password), { scryptCost: cheapScrypt });
  const snapshots = await Array.fromAsync(from.snapshots());
  const describing = ({ tree }: { readonly tree: string }) => describingBlobs(from, tree, noSignal);
  await copySnapshots({
    ...{ from, to, snapshots, signal: noSignal, packSizeBytes: 1024 },
    ...(isDescribed && { describing }),
  });
  await from.close();
  await to.close();
}

function thawRequests({ requests }: ColdS3) {
  return requests.filter(({ method, status }) => method === 'POST' && status === 202);
}

function refused({ requests }: ColdS3) {
  return requests.filter(({ status }) => status === 403);
}

async function phaseOf(run: Run<unknown>, wanted: string): Promise<void> {
  for await (const { phase } of watchRun(run, { fastMs: 50, slowMs: 50 })) if (phase === wanted) return;
  throw new Error(`The run ended before it was at ${wanted}`);
}

function pathWith(folder: string): string {
  return `${folder}:${process.env.PATH}`;
}
