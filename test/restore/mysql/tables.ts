import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { failureOf } from '../../failure-of.ts';
import { execute, type SharedMariadb, select } from '../../servers/mariadb.ts';
import { prepared, sampleStatements } from '../../sources/mysql/sample.ts';
import { backUp, planned, restoreBeside } from './round-trip.ts';

const copyName = (): string => `parts_${randomBytes(4).toString('hex')}`;

/** How chosen tables are restored, with either kind of server. */
export function restoresTables(serverOf: () => Promise<SharedMariadb>): void {
  test('chosen tables come with their rows, keys and triggers, and without keys to tables that stay away', async (t) => {
    const server = await serverOf();
    const name = await prepared(t, server, sampleStatements);
    const work = await backUp(t, server, [name]);
    const target = copyName();
    const tables = [`${name}.item`, 'audit', 'we`ird "n\' -- x\ny'];
    const restoring = await planned(t, server, work, { target, tables });
    const { warnings, checks } = await restoreBeside(restoring);
    assert.equal(checks.length, 3);
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['The foreign key belongs of item is left out: it points to a table that is not restored'],
    );
    await restoring.restorer.swap(restoring.plan, work);
    const there = await select(
      server,
      'SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1',
      target,
    );
    assert.deepEqual(there.flat(), ['audit', 'item', 'we`ird "n\' -- x\ny']);
    await execute(server, ['INSERT INTO item (id, customer, price) VALUES (9, 99, 3)'], target);
    assert.deepEqual(await select(server, 'SELECT * FROM audit', target), [['added;9']]);
    assert.deepEqual(await select(server, 'SELECT twice FROM item WHERE id = 9', target), [['6']]);
    assert.deepEqual(await select(server, 'SELECT id FROM item', name), [['1'], ['2']]);
  });

  test('a key between chosen tables stays', async (t) => {
    const server = await serverOf();
    const name = await prepared(t, server, sampleStatements);
    const work = await backUp(t, server, [name]);
    const target = copyName();
    const restoring = await planned(t, server, work, { target, tables: ['item', 'customer'] });
    assert.deepEqual((await restoreBeside(restoring)).warnings, []);
    await restoring.restorer.swap(restoring.plan, work);
    const wrong = execute(server, ['UPDATE item SET customer = 99'], target);
    await assert.rejects(wrong, /foreign key constraint fails/);
  });

  test('tables that are not there, or in several databases, are refused, and so is a target that exists', async (t) => {
    const server = await serverOf();
    const names = [
      await prepared(t, server, ['CREATE TABLE t (id int)', 'CREATE TABLE only_here (id int)']),
      await prepared(t, server, ['CREATE TABLE t (id int)', 'CREATE VIEW v AS SELECT 1']),
    ];
    const work = await backUp(t, server, names);
    const [first = '', second = ''] = names.toSorted();
    const twice = await failureOf(planned(t, server, work, { tables: ['t'] }), 'InvalidInput');
    assert.equal(twice.message, 'tables: several databases have a table "t"');
    assert.equal(twice.advice, `Name one of ${first}.t, ${second}.t.`);
    const view = await failureOf(planned(t, server, work, { tables: ['v'] }), 'InvalidInput');
    assert.equal(view.message, 'tables: the snapshot holds no table "v"');
    const { plan } = await planned(t, server, work, { tables: ['only_here'] });
    assert.match(plan.blockers.join(), /^Chosen tables are restored into a new database, and ".*" exists/);
  });
}
