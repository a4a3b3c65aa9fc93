/**
 * Records how restores of a database end, for replay.test.ts: `node test/workflows/record-database-restores.ts [NAME…]`.
 * See record-histories.ts, too.
 */
import type { WorkflowHandle } from '@temporalio/client';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { RestoreInput } from '../../contracts/inputs.ts';
import type { Phase, RestoreResult } from '../../contracts/jobs.ts';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { startReplication } from '../../control/replication.ts';
import {
  confirmRestore,
  rejectRestore,
  startRestore,
  startRestorePlan,
  startRollback,
} from '../../control/restore.ts';
import { cancelRun, type Run, runResult } from '../../control/runs.ts';
import { watchRun } from '../../control/watch.ts';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { startMysqlServer } from '../../tools/mysql-server.ts';
import { ensurePostgres } from '../../tools/postgres.ts';
import { startPostgres } from '../../tools/postgres-server.ts';
import { ensureTemporal } from '../../tools/temporal.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { type ColdS3, coldS3 } from '../stores/cold-s3.ts';
import { type Barrier, barrierAt } from '../workers/bench.ts';
import { frozenRepository } from '../workers/frozen-repository.ts';
import { hookLists } from '../workers/hook-bench.ts';
import { install } from '../workers/installation.ts';
import { runWorkers } from '../workers/running-worker.ts';
import { keepHistory } from './history-file.ts';

interface Stage {
  readonly control: Control;
  /** Where a restore stands still once a section is loaded. */
  readonly barrier: Barrier;
  /** The service of the repository `frozen`. */
  readonly cold: ColdS3;
}

type History = Pick<WorkflowHandle, 'fetchHistory'>;

const quick: RestoreInput = { source: 'db', confirmed: true, safetyBackup: false };

/** A server with the database "shop". */
interface DatabaseServer {
  readonly kind: 'postgres' | 'mysql';
  readonly url: string;
  readonly binDir: string;
  stop(): Promise<void>;
}

type Scene = (stage: Stage) => Promise<History>;

/** Each restores the database "shop", which was backed up before, and returns the run whose history is kept. */
const scenes = {
  'restore-database-done': async ({ control }) => {
    const run = await startRestore(control, { source: 'db' });
    await untilIn(run, 'confirm');
    await confirmRestore(run, 'shop');
    return await ended(run);
  },
  'restore-database-beside': async ({ control }) =>
    await ended(await startRestore(control, { source: 'db', target: 'shop_copy' })),
  'restore-database-rejected': async ({ control }) => {
    const run = await startRestore(control, { source: 'db' });
    await untilIn(run, 'confirm');
    await rejectRestore(run);
    return await ended(run);
  },
  'restore-database-unconfirmed': async ({ control }) =>
    await ended(await startRestore(control, { source: 'db', confirmWithin: '1s' })),
  'restore-database-blocked': async ({ control }) =>
    await ended(await startRestore(control, { source: 'db', owner: 'nobody of this name' })),
  'restore-database-cancelled': async ({ control, barrier }) => {
    const run = await startRestore(control, quick);
    await barrier.reached;
    await cancelRun(run);
    barrier.release();
    return await ended(run);
  },
  'restore-database-thawed': async ({ control, cold }) => {
    await runResult(await startReplication(control, { repository: 'frozen', sources: ['db'] }));
    const thaw = { speed: 'bulk', days: 2 } as const;
    const run = await startRestore(control, {
      source: 'db',
      repository: 'frozen',
      safetyBackup: false,
      thaw,
    });
    await untilIn(run, 'confirm');
    await confirmRestore(run, 'shop');
    await untilIn(run, 'waiting');
    cold.thaw();
    await run.handle.signal('thawed');
    return await ended(run);
  },
  'replaced-removed': async ({ control }) => {
    const { replaced } = await runResult(await startRestore(control, { ...quick, keepReplaced: '0s' }));
    const handle = control.client.workflow.getHandle(`replaced/${replaced?.restore}`);
    await handle.result();
    return handle;
  },
  'replaced-rolled-back': async ({ control }) => {
    const { replaced } = await runResult(await startRestore(control, quick));
    await ended(await startRollback(control, replaced?.restore ?? ''));
    const handle = control.client.workflow.getHandle(`replaced/${replaced?.restore}`);
    await handle.result();
    return handle;
  },
  'roll-back-done': rolledBack,
  'roll-back-hooks': rolledBack,
  'restore-tables-done': async ({ control }) =>
    await ended(await startRestore(control, { ...quick, tables: ['public.item'] })),
  'plan-done': async ({ control }) => await ended(await startRestorePlan(control, { source: 'db' })),
} satisfies Readonly<Record<string, Scene>>;

/** The same with MariaDB, whose swap is of other steps; the last two with hooks, of which the second fails. */
const mariadbScenes = {
  'restore-mysql-done': scenes['restore-database-done'],
  'restore-mysql-beside': scenes['restore-database-beside'],
  'restore-mysql-cancelled': scenes['restore-database-cancelled'],
  'replaced-mysql-removed': scenes['replaced-removed'],
  'replaced-mysql-rolled-back': scenes['replaced-rolled-back'],
  'plan-mysql-done': scenes['plan-done'],
  'restore-mysql-hooks': scenes['restore-database-done'],
  'restore-mysql-hook-failed': async ({ control }) => await ended(await startRestore(control, quick)),
} satisfies Readonly<Record<string, Scene>>;

const oneFails = hookLists({
  restore: { before: 'true', beforeReplace: 'true', after: 'false', always: 'true', continues: true },
});

const hooks: Readonly<Record<string, string>> = {
  'restore-mysql-hooks': oneFails,
  'roll-back-hooks': oneFails,
  'restore-mysql-hook-failed': hookLists({
    restore: { beforeReplace: 'false', onFailure: 'true', always: 'true' },
  }),
};

const wanted = process.argv.slice(2);
const server = await startTemporalServer({ executable: await ensureTemporal(), headless: true });
try {
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  for (const [all, start] of [
    [scenes, startShopOnPostgres] as const,
    [mariadbScenes, startShopOnMariadb] as const,
  ]) {
    for (const [name, scene] of Object.entries(all)) {
      if (isWanted(name)) await record(name, scene, { address: server.address, start });
    }
  }
} finally {
  await server.stop();
}

async function record(
  name: string,
  scene: Scene,
  { address, start }: { readonly address: string; readonly start: () => Promise<DatabaseServer> },
): Promise<void> {
  const { kind, url, binDir, stop } = await start();
  const endings: (() => void)[] = [];
  const cold = await coldS3({ after: (ending) => endings.push(ending) });
  const around = hooks[name] === undefined ? '' : `, hooks: ${hooks[name]}`;
  const installation = await install({
    address,
    moreRepositories: frozenRepository(cold, 'frozen'),
    more: 'defaultRepository: main',
    moreSources: `  db: { kind: ${kind}, connection: "env:SHOP_URL", databases: [shop]${around} }`,
  });
  const barrier = barrierAt('after loadSection');
  const worker = await runWorkers(installation, {
    env: { ...process.env, LOG: '/dev/null', SHOP_URL: url, PATH: `${binDir}:${process.env.PATH}` },
    ...(name.endsWith('cancelled') && { failpoint: barrier.failpoint }),
  });
  const control = await connectControl({ settings: { address }, env: {} });
  try {
    await runResult(await startBackup(control, { source: 'db' }));
    await keepHistory(name, await scene({ control, barrier, cold }));
    console.log(name);
  } finally {
    await control.close();
    await worker.stop();
    await installation.remove();
    await stop();
    for (const end of endings) end();
  }
}

async function rolledBack({ control }: Stage): Promise<History> {
  const { replaced } = await runResult(await startRestore(control, quick));
  return await ended(await startRollback(control, replaced?.restore ?? ''));
}

async function ended(run: Run<unknown>): Promise<History> {
  await runResult(run).catch(() => {});
  return run.handle;
}

async function untilIn(run: Run<RestoreResult>, wanted: Phase): Promise<void> {
  for await (const { phase } of watchRun(run, { fastMs: 50, slowMs: 50 })) if (phase === wanted) return;
  throw new Error(`The restore was never in the phase ${wanted}`);
}

async function startShopOnPostgres(): Promise<DatabaseServer> {
  const { binDir } = await ensurePostgres(17);
  const { url: secret, stop } = await startPostgres({ binDir });
  const url = secret.reveal();
  await query(url, 'CREATE DATABASE shop');
  await query(url.replace(/postgres$/, 'shop'), 'CREATE TABLE item AS SELECT 1 AS id');
  return { kind: 'postgres', url, binDir, stop: async () => void (await stop()) };
}

async function startShopOnMariadb(): Promise<DatabaseServer> {
  const tools = await ensureMariadb();
  const { host, port, user, stop } = await startMysqlServer({ tools });
  const connection = await mysql.createConnection({ host, port, user });
  await connection.query('CREATE DATABASE shop');
  await connection.query('CREATE TABLE shop.item AS SELECT 1 AS id');
  await connection.end();
  const url = `mysql://${user}@${host}:${port}`;
  return { kind: 'mysql', url, binDir: tools.binDir, stop: async () => void (await stop()) };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
