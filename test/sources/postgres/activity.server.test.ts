import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { whileWatched } from '../../../sources/postgres/activity.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import { createDatabase, postgresServer } from '../../servers/postgres.ts';
import { connectionTo, execute, never } from './sample.ts';

const pidSchema = z.object({ pid: z.number() });

/** Waits until some session waits for a lock on the table. */
async function untilWaiting(session: PostgresSession): Promise<void> {
  const waiting = z.object({ count: z.number() });
  const query =
    "SELECT count(*)::int AS count FROM pg_locks WHERE relation = 'public.item'::regclass AND NOT granted";
  while ((await session.row(waiting, query)).count === 0);
}

test('a long statement of ours is reported as long as it goes on, without its values', async (t) => {
  const server = await postgresServer(17);
  const database = await createDatabase(server);
  t.after(() => database.drop());
  const session = await PostgresSession.open(connectionTo(server, database.name), database.name, never);
  t.after(() => session.close());
  const reports: string[] = [];
  const enough = Promise.withResolvers<void>();
  const watched = {
    connection: connectionTo(server),
    database: database.name,
    signal: never,
    everyMs: 10,
    report: (what: string) => {
      if (reports.push(what) === 3) enough.resolve();
    },
  };
  const { pid } = await session.row(pidSchema, 'SELECT pg_backend_pid() AS pid');
  await whileWatched(watched, async () => {
    const sleeping = session.run("SELECT\n  pg_sleep (600), 'canary'").catch(() => {});
    await enough.promise;
    await execute(connectionTo(server), `SELECT pg_cancel_backend(${pid})`);
    await sleeping;
  });
  assert.match(reports[0] ?? '', /^SELECT pg_sleep , for \d+ s$/);
});

test('a statement that waits for a lock is not reported', async (t) => {
  const server = await postgresServer(17);
  const database = await createDatabase(server);
  t.after(() => database.drop());
  const connection = connectionTo(server, database.name);
  await execute(connection, 'CREATE TABLE item ()');
  const [holder, waiter] = [
    await PostgresSession.open(connection, database.name, never),
    await PostgresSession.open(connection, database.name, never),
  ];
  t.after(() => Promise.all([holder.close(), waiter.close()]));
  await holder.run('BEGIN; LOCK TABLE public.item');
  const reports: string[] = [];
  const watched = {
    connection: connectionTo(server),
    database: database.name,
    signal: never,
    everyMs: 5,
    report: (what: string) => reports.push(what),
  };
  const waiting = waiter.run('BEGIN; LOCK TABLE public.item').catch(() => {});
  await untilWaiting(holder);
  await whileWatched(watched, async () => {
    // Statements of our own, so that the watch has had its turns.
    for (let turn = 0; turn < 20; turn += 1) await execute(connectionTo(server), 'SELECT 1');
  });
  await holder.run('ROLLBACK');
  await waiting;
  assert.deepEqual(reports, []);
});
