import assert from 'node:assert/strict';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { startPostgres } from '../../../tools/postgres-server.ts';
import { failureOf } from '../../failure-of.ts';
import { postgresServer, type SharedPostgres } from '../../servers/postgres.ts';
import { column, connectionTo, execute, never, sampleSchema } from '../../sources/postgres/sample.ts';
import { smallDisk } from '../../stores/small-disk.ts';
import { backUp, databasesOf, onlyDatabase, planned, prepared, restoreBeside } from './round-trip.ts';

interface OwnServer extends SharedPostgres {
  readonly dataDir: string;
  /** Ends it and starts it again, on the same port. */
  restart(): Promise<void>;
}

/** After the tests have removed what they have made. */
const stops: (() => Promise<void>)[] = [];
after(async () => {
  for (const stop of stops) await stop();
});

/** A server that a test can take away. */
async function ownServer(): Promise<OwnServer> {
  const { binDir, major } = await postgresServer(17);
  const dataDir = join(await mkdtemp(join(tmpdir(), 'faults-')), 'cluster');
  let running = await startPostgres({ binDir, dataDir });
  stops.push(async () => {
    await running.stop();
    await rm(dirname(dataDir), { recursive: true });
  });
  const { host, port, user, password } = running;
  const restart = async (): Promise<void> => {
    await running.stop();
    running = await startPostgres({ binDir, dataDir, port });
  };
  return { major, host, port, user, password, binDir, dataDir, restart };
}

test('a restore that fills the disk fails as that, and leaves the live database and the space alone', async (t) => {
  const disk = await smallDisk(t, 64);
  if (disk === undefined) return;
  await using _ = disk;
  const server = await ownServer();
  const { uid, gid } = await stat(join(server.dataDir, 'PG_VERSION'));
  await chown(disk.folder, uid, gid);
  await execute(connectionTo(server), `CREATE TABLESPACE small LOCATION '${disk.folder}'`);
  await execute(connectionTo(server), 'ALTER DATABASE template0 SET TABLESPACE small');
  await execute(connectionTo(server), 'CREATE DATABASE live TEMPLATE template0');
  const live = connectionTo(server, 'live');
  await execute(
    live,
    'CREATE TABLE item AS SELECT g AS id, repeat(md5(g::text), 30) AS text FROM generate_series(1, 25000) AS g',
  );
  const backup = await backUp(t, server, 'live');
  const restoring = await planned(t, server, backup, { target: 'live' });
  const used = 'SELECT sum(pg_database_size(oid)) FROM pg_database';
  const before = await column(connectionTo(server), used);

  const { message, advice } = await failureOf(restoreBeside(restoring), 'StorageFull');
  assert.match(message, /^The restore of the database "live__restore_\w+" failed.*No space left on device/s);
  assert.match(advice, /^Free space on the host of the target server/);
  await restoring.restorer.discard(restoring.plan, restoring.work);

  assert.deepEqual(await databasesOf(server, restoring), ['live']);
  assert.deepEqual(await column(connectionTo(server), used), before);
  assert.deepEqual(await column(live, 'SELECT count(*) FROM public.item'), ['25000']);
});

/** A catalog of the whole server that nothing uses here: who locks it holds up the objects below in every database. */
const lockable = 'pg_catalog.pg_replication_origin';

/** Objects in whose making each section reads that catalog: a column, a row, an index. */
const heldObjects = `
CREATE FUNCTION public.held(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
  AS $$ BEGIN PERFORM FROM ${lockable}; RETURN $1; END $$;
CREATE TABLE public.held (id int CHECK (public.held(id) = id), one int GENERATED ALWAYS AS (public.held(1)) STORED);
INSERT INTO public.held VALUES (7);
CREATE INDEX ON public.held (public.held(id));
`;

/** Keeps every section of the objects above from ending, as long as the server runs. */
async function holdUp(t: TestContext, server: SharedPostgres): Promise<void> {
  const session = await PostgresSession.open(connectionTo(server), 'postgres', never);
  t.after(() => session.close());
  await session.run(`BEGIN; LOCK TABLE ${lockable}`);
}

for (const section of ['pre-data', 'data', 'post-data'] as const) {
  test(`a server that is restarted in the middle of ${section} is waited for, and the restore goes on`, async (t) => {
    const server = await ownServer();
    const name = await prepared(t, server, sampleSchema + heldObjects);
    const backup = await backUp(t, server, name);
    const restoring = await planned(t, server, backup, { target: name });
    const { restorer, plan, work } = restoring;
    const database = onlyDatabase(plan);
    const at = database.sections.indexOf(section);
    await restorer.prepare(database, plan, work);
    for (const done of database.sections.slice(0, at))
      await restorer.load({ database, section: done }, plan, work);

    await holdUp(t, server);
    const loading = restorer.load({ database, section }, plan, work);
    let isOver = false;
    const failed = failureOf(loading, 'SourceUnreachable').finally(() => {
      isOver = true;
    });
    const waiting = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${database.beside}' AND wait_event_type = 'Lock'`;
    while (!isOver && (await column(connectionTo(server), waiting))[0] === '0');
    await server.restart();
    await failed;
    assert.deepEqual(await column(connectionTo(server, name), 'SELECT count(*) FROM shop.customer'), [
      '2000',
    ]);

    for (const left of database.sections.slice(at))
      await restorer.load({ database, section: left }, plan, work);
    await restorer.finish(database, plan, work);
    const checks = await restorer.compare(database, plan, work);
    assert.deepEqual(
      checks.filter(({ passed }) => !passed),
      [],
    );
    await restorer.swap(plan, work);
    assert.deepEqual(await column(connectionTo(server, name), 'SELECT count(*) FROM shop.customer'), [
      '2000',
    ]);
  });
}
