import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { DatabasePlan } from '../../../contracts/database-restore.ts';
import { discardDatabases, rollBackDatabases, swapDatabases } from '../../../restore/mysql/swap.ts';
import { MysqlSession } from '../../../sources/mysql/session.ts';
import { failureOf } from '../../failure-of.ts';
import { createDatabase, execute, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { connectionTo, nastyName, never, prepared, sampleStatements } from '../../sources/mysql/sample.ts';
import { backUp, databasesOf, onlyDatabase, planned, restoreBeside } from './round-trip.ts';
import { describe, type Stage, setStage, withSession } from './stage.ts';

/** A session that dies once it has run a statement that none before it has run. */
function dyingAfterNew(session: MysqlSession, known: Set<unknown>): MysqlSession {
  let isDead = false;
  return new Proxy(session, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...words: unknown[]): Promise<unknown> => {
        if (isDead) throw new Error('killed');
        const result: unknown = await Reflect.apply(member, target, words);
        const statement = JSON.stringify(words);
        isDead = (name === 'run' || name === 'change') && !known.has(statement);
        known.add(statement);
        return result;
      };
    },
  });
}

type Change = (session: MysqlSession, databases: DatabasePlan['databases']) => Promise<void>;

/** Does it with one death after each statement; tells what of the items was seen in between. */
async function throughDeaths(
  { server, plan, name }: Stage,
  change: Change,
): Promise<{ readonly deaths: number; readonly seen: readonly string[] }> {
  const seen = new Set<string>();
  const known = new Set<unknown>();
  for (let deaths = 0; ; deaths += 1) {
    const isDone = await withSession(server, async (session) => {
      try {
        await change(dyingAfterNew(session, known), plan.databases);
        return true;
      } catch (error) {
        if (!String(error).includes('killed')) throw error;
        return false;
      }
    });
    const items = await select(server, 'SELECT id FROM item ORDER BY id', name).catch(() => [['away']]);
    seen.add(items.flat().join());
    if (isDone) return { deaths, seen: [...seen] };
  }
}

/** What a restore must do, with either kind of server. */
export function restoresDatabases(serverOf: () => Promise<SharedMariadb>): void {
  test('a restored database takes the place of a live one, with all that belongs to it', async (t) => {
    const stage = await setStage(t, await serverOf());
    const { server, name, restorer, plan, work } = stage;
    const { replaced = '' } = onlyDatabase(plan);
    await restorer.swap(plan, work);
    assert.deepEqual(await describe(server, name), stage.old);
    assert.deepEqual(await databasesOf(server, plan), [name, replaced].toSorted());
    await execute(server, ['INSERT INTO item (id, customer, price) VALUES (3, 1, 1)'], name);
    assert.deepEqual(
      await select(server, 'SELECT * FROM audit', name),
      [['added;1'], ['added;2'], ['added;3']].slice(2),
    );
    await restorer.swap(plan, work);
    await restorer.rollBack(plan, work);
    assert.deepEqual(await describe(server, name), stage.later);
    await restorer.rollBack(plan, work);
    await restorer.discard(plan, work);
    assert.deepEqual(await describe(server, name), stage.later);
    assert.deepEqual(await databasesOf(server, plan), [name]);
  });

  test('a swap and a roll-back that die after any statement go on, and never show half of the tables', async (t) => {
    const stage = await setStage(t, await serverOf());
    const { server, name, plan } = stage;
    const swap = await throughDeaths(stage, swapDatabases);
    assert.ok(swap.deaths > 15, `${swap.deaths} deaths`);
    assert.deepEqual(swap.seen, ['7', 'away', '1,2']);
    assert.deepEqual(await describe(server, name), stage.old);
    const back = await throughDeaths(stage, rollBackDatabases);
    assert.ok(back.deaths > 15);
    assert.deepEqual(back.seen, ['1,2', 'away', '7']);
    assert.deepEqual(await describe(server, name), stage.later);
    await withSession(server, (session) => discardDatabases(session, plan.databases));
    assert.deepEqual(await databasesOf(server, plan), [name]);
  });

  for (const step of ['recorded', 'triggers dropped', 'tables moved', 'triggers made', 'code made']) {
    test(`a swap that is given up when ${step} leaves the live database as it was`, async (t) => {
      const stage = await setStage(t, await serverOf());
      const { server, name, plan } = stage;
      await withSession(server, async (session) => {
        const dying = swapDatabases(session, plan.databases, (done) => {
          if (done === step) throw new Error('given up');
        });
        await assert.rejects(dying, /given up/);
      });
      await withSession(server, (session) => discardDatabases(session, plan.databases));
      assert.deepEqual(await describe(server, name), stage.later);
      assert.deepEqual(await databasesOf(server, plan), [name]);
    });
  }

  test('a database that is gone is restored under its name, and a copy of it does not run its events', async (t) => {
    const server = await serverOf();
    const name = await prepared(t, server, sampleStatements);
    const old = await describe(server, name);
    const work = await backUp(t, server, [name]);
    const copy = await planned(t, server, work, { target: `copy_${name}` });
    const { warnings } = await restoreBeside(copy);
    assert.match(warnings.map(({ message }) => message).join(), /events are switched off.*: tidy/);
    await copy.restorer.swap(copy.plan, work);
    const copied = await describe(server, `copy_${name}`);
    assert.deepEqual({ ...copied, events: old.events }, old);
    assert.deepEqual(copied.events, ['tidy DISABLED']);

    await execute(server, [`DROP DATABASE ${name}`]);
    const again = await planned(t, server, work);
    assert.equal(onlyDatabase(again.plan).replaced, undefined);
    assert.deepEqual((await restoreBeside(again)).warnings, []);
    await again.restorer.swap(again.plan, work);
    assert.deepEqual(await describe(server, name), old);
    assert.deepEqual(await databasesOf(server, again.plan), [name]);
  });

  test('a target that appears during the restore is not replaced', async (t) => {
    const server = await serverOf();
    const work = await backUp(t, server, [await prepared(t, server, sampleStatements)]);
    const target = `late_${randomBytes(4).toString('hex')}`;
    const restoring = await planned(t, server, work, { target });
    await restoreBeside(restoring);
    await execute(server, [`CREATE DATABASE ${target}`]);
    await failureOf(restoring.restorer.swap(restoring.plan, work), 'TargetConflict');
    await restoring.restorer.discard(restoring.plan, work);
    assert.deepEqual(await databasesOf(server, restoring.plan), [target]);
  });

  test('several databases are put in place at once, whatever their names', async (t) => {
    const server = await serverOf();
    const nasty = await createDatabase(server, nastyName);
    t.after(() => nasty.drop());
    await execute(server, ['CREATE TABLE `-t` (id int)', 'INSERT INTO `-t` VALUES (1)'], nasty.name);
    const names = [nasty.name, await prepared(t, server, sampleStatements)];
    const work = await backUp(t, server, names);
    await execute(server, ['DELETE FROM `-t`'], nasty.name);
    const restoring = await planned(t, server, work);
    await restoreBeside(restoring);
    await restoring.restorer.swap(restoring.plan, work);
    assert.deepEqual(await select(server, 'SELECT id FROM `-t`', nasty.name), [['1']]);
    assert.equal((await databasesOf(server, restoring.plan)).length, 4);
  });

  test('a transaction that holds a table of the target does not keep the restore waiting', async (t) => {
    const stage = await setStage(t, await serverOf());
    const { server, name, restorer, plan, work } = stage;
    const holder = await MysqlSession.open(connectionTo(server), never, { database: name });
    await holder.run('START TRANSACTION');
    await holder.run('UPDATE item SET price = 71');
    await restorer.swap(plan, work);
    await holder.close();
    assert.deepEqual(await describe(server, name), stage.old);
  });

  test('users who are missing are told, and their code belongs to the user of the restore', async (t) => {
    const server = await serverOf();
    const user = `author_${randomBytes(4).toString('hex')}`;
    await execute(server, [`CREATE USER ${user}`]);
    const name = await prepared(t, server, [
      'CREATE TABLE t (id int)',
      `CREATE DEFINER=${user} VIEW v AS SELECT * FROM t`,
      `CREATE DEFINER=${user} PROCEDURE p() SELECT 1`,
    ]);
    const work = await backUp(t, server, [name]);
    await execute(server, [`DROP USER ${user}`]);
    const { restorer, plan } = await planned(t, server, work, { include: [name, 'users.sql'] });
    const told = plan.warnings.map(({ message }) => message).join();
    assert.match(told, new RegExp(`run in the name of the user of the restore.*: ${user}@%`));
    await restoreBeside({ restorer, plan, work });
    t.after(() => execute(server, [`DROP USER IF EXISTS ${user}`]));
    const [[count] = []] = await select(server, `SELECT count(*) FROM mysql.user WHERE user = '${user}'`);
    assert.equal(count, '1', 'users are restored on request');
  });

  test('a foreign key from another database stands in the way, and is named', async (t) => {
    const server = await serverOf();
    const name = await prepared(t, server, ['CREATE TABLE parent (id int PRIMARY KEY)']);
    const other = await prepared(t, server, [
      `CREATE TABLE child (id int, FOREIGN KEY (id) REFERENCES ${name}.parent (id))`,
    ]);
    const { plan } = await planned(t, server, await backUp(t, server, [name]));
    await execute(server, ['DROP TABLE child'], other);
    assert.match(
      plan.blockers.join(),
      new RegExp(`The table "child" of the database "${other}" has a foreign key into`),
    );
  });
}
