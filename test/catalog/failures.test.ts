import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { catalogFailure } from '../../catalog/failures.ts';
import { Failure } from '../../contracts/failures.ts';

const attempt = { what: 'record the end of backup/etc', place: '/state/catalog.sqlite' };

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

test('a full database of SQLite is a full storage', () => {
  const database = new DatabaseSync(':memory:');
  database.exec('create table t (x); pragma max_page_count = 2');
  const insert = database.prepare('insert into t values (hex(zeroblob(100000)))');
  const failure = catalogFailure(
    thrownBy(() => insert.run()),
    attempt,
  );
  assert.equal(failure.type, 'StorageFull');
  assert.match(
    failure.message,
    /^Could not record the end of backup\/etc: the catalog \/state\/catalog.sqlite says: .*full/,
  );
});

test('what a database or a socket reports becomes the failure that a person can act on', () => {
  for (const [code, type] of [
    ['ECONNREFUSED', 'CatalogUnavailable'],
    ['57P03', 'CatalogUnavailable'],
    ['53300', 'CatalogUnavailable'],
    ['53100', 'StorageFull'],
    ['28P01', 'CatalogUnwritable'],
    ['42501', 'CatalogUnwritable'],
    ['25006', 'CatalogUnwritable'],
    ['XX001', 'CatalogDamaged'],
    ['EROFS', 'CatalogUnwritable'],
    ['42P01', 'Internal'],
  ] as const) {
    assert.equal(catalogFailure(Object.assign(new Error('m'), { code }), attempt).type, type, code);
  }
});

test('a failure passes through as it is', () => {
  const failure = new Failure('InvalidInput', 'from: "x" is no time');
  assert.equal(catalogFailure(failure, attempt), failure);
});
