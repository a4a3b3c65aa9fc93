import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { findMysqlLeftOvers } from '../../../restore/mysql/find-left-overs.ts';
import { sweepMysql } from '../../../restore/mysql/left-overs.ts';
import { rollBackDatabases, swapDatabases } from '../../../restore/mysql/swap.ts';
import { besideNames } from '../../../sources/beside-names.ts';
import { MysqlSession } from '../../../sources/mysql/session.ts';
import { execute, mariadbServer, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { connectionTo, never } from '../../sources/mysql/sample.ts';
import { databasesOf, onlyDatabase } from './round-trip.ts';
import { describe, setStage, withSession } from './stage.ts';

/** Of the restores of these tests alone, on a server that tests share. */
const startedAt = '2020-06-01T02:03:04.000Z';
const before = new Date('2021-01-01T00:00:00Z');

const sweep = (server: SharedMariadb) => sweepMysql(connectionTo(server), { before, signal: never });

test('old unfinished databases of restores are dropped, and nothing else', async (t) => {
  const server = await mariadbServer();
  const target = `shop_${randomBytes(4).toString('hex')}`;
  const names = (at: string, runId: string) => besideNames(target, { runId, startedAt: at }, 64);
  const old = names(startedAt, 'a');
  const inUse = names(startedAt, 'b').beside;
  const young = names('2021-06-01T02:03:04.000Z', 'c').beside;
  const all = [old.beside, old.replaced, inUse, young, `${target}__restore_me`];
  t.after(() =>
    execute(
      server,
      all.map((name) => `DROP DATABASE IF EXISTS ${name}`),
    ),
  );
  await execute(
    server,
    all.map((name) => `CREATE DATABASE ${name}`),
  );
  const user = await MysqlSession.open(connectionTo(server), never, { database: inUse });
  t.after(() => user.close());
  const { databases, problems } = await sweep(server);
  assert.deepEqual(
    databases.filter((name) => name.startsWith(target)),
    [old.beside],
  );
  assert.deepEqual(problems, []);
  const there = await select(server, `SHOW DATABASES LIKE '${target}%'`);
  assert.deepEqual(there.flat().toSorted(), all.filter((name) => name !== old.beside).toSorted());
});

for (const [step, outcome] of [
  ['recorded', 'undone'],
  ['triggers dropped', 'undone'],
  ['tables moved', 'finished'],
  ['triggers made', 'finished'],
  ['code made', 'finished'],
] as const) {
  test(`a swap that nobody goes on with after it died when ${step} is ${outcome} by the sweep`, async (t) => {
    const server = await mariadbServer();
    const { plan, name, old, later } = await setStage(t, server, { startedAt });
    const { replaced = '' } = onlyDatabase(plan);
    const dying = (done: string): void => {
      if (done === step) throw new Error('died');
    };
    await withSession(server, (session) =>
      assert.rejects(swapDatabases(session, plan.databases, dying), /died/),
    );
    const found = await findMysqlLeftOvers(connectionTo(server), never);
    const swap = { place: name, hasMoved: outcome === 'finished' };
    assert.deepEqual(
      found.filter((one) => one.name.startsWith(name)),
      [
        { name: replaced, kind: 'before', since: new Date(startedAt) },
        { name: onlyDatabase(plan).beside, kind: 'restore', since: new Date(startedAt), swap },
      ],
    );
    const swept = await sweep(server);
    assert.deepEqual(await describe(server, name), outcome === 'undone' ? later : old);
    assert.deepEqual(await databasesOf(server, plan), outcome === 'undone' ? [name] : [name, replaced]);
    assert.match(
      swept.problems.join(),
      outcome === 'undone' ? /and was undone: ".*" is as it was$/ : /was brought to its end; what was there/,
    );
    assert.deepEqual(await sweep(server), { databases: [], problems: [] });
    if (outcome === 'undone') return;

    await withSession(server, (session) =>
      assert.rejects(rollBackDatabases(session, plan.databases, dying), /died/),
    );
    assert.match((await sweep(server)).problems.join(), /was brought to its end/);
    assert.deepEqual(await describe(server, name), later);
    assert.deepEqual(await databasesOf(server, plan), [name]);
  });
}

test('a roll-back that died before a table moved is undone by the sweep, and can be tried again', async (t) => {
  const server = await mariadbServer();
  const { plan, name, old, later } = await setStage(t, server, { startedAt });
  await withSession(server, (session) => swapDatabases(session, plan.databases));
  const dying = (): never => {
    throw new Error('died');
  };
  await withSession(server, (session) =>
    assert.rejects(rollBackDatabases(session, plan.databases, dying), /died/),
  );
  assert.match((await sweep(server)).problems.join(), /was undone/);
  assert.deepEqual(await describe(server, name), old);
  await withSession(server, (session) => rollBackDatabases(session, plan.databases));
  assert.deepEqual(await describe(server, name), later);
});
