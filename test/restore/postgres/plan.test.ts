import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareContent } from '../../../restore/postgres/compare.ts';
import { planDatabases } from '../../../restore/postgres/plan.ts';
import { besideNames } from '../../../sources/beside-names.ts';
import type { SequenceState } from '../../../sources/postgres/content.ts';
import type { DatabaseManifest } from '../../../sources/postgres/manifest.ts';

function database(name: string): DatabaseManifest {
  return {
    name,
    folder: `${name}.dump`,
    capturedAt: '2026-01-01T00:00:00.000Z',
    sizeBytes: 1,
    properties: {
      owner: 'o',
      encoding: 'UTF8',
      localeProvider: 'c',
      collate: 'C',
      ctype: 'C',
      tablespace: 'pg_default',
      connectionLimit: -1,
      isTemplate: false,
      settings: [],
    },
    extensions: [],
    dump: {
      program: '17.11',
      programMajor: 17,
      formatVersion: '1.16',
      bytes: 1,
      objects: {},
    },
    roles: { owners: [], grantees: [], inPolicies: [] },
    tablespaces: [],
    tables: [],
    sequences: [],
    largeObjects: { count: '0', bytes: '0', hash: '0' },
    objects: {},
  };
}

function manifestOf(...names: readonly string[]) {
  return {
    format: 'resguardo-postgres' as const,
    version: 2 as const,
    source: 'main',
    server: { version: '17.11', major: 17 },
    globals: { file: 'globals.sql', passwords: true },
    databases: names.map(database),
  };
}

const run = { runId: 'run-1', startedAt: '2026-11-26T14:05:12.345Z' };

function planned(names: readonly string[], target?: string, include: readonly string[] = []) {
  const choice = { ...(target !== undefined && { target }), include, ...run };
  return planDatabases(manifestOf(...names), choice).map((plan) => [plan.database.name, plan.target]);
}

test('one database gets the name of the target, several get names that begin with it', () => {
  assert.deepEqual(planned(['shop'], 'copy'), [['shop', 'copy']]);
  assert.deepEqual(planned(['shop', 'crm'], 'copy'), [
    ['shop', 'copy_shop'],
    ['crm', 'copy_crm'],
  ]);
});

test('without a target each database gets its own name', () => {
  assert.deepEqual(planned(['shop', 'crm']), [
    ['shop', 'shop'],
    ['crm', 'crm'],
  ]);
});

test('databases are chosen by path, by file or by name', () => {
  for (const include of ['/main/crm.dump', 'crm.dump', 'crm']) {
    assert.deepEqual(planned(['shop', 'crm'], 'copy', [include]), [['crm', 'copy']]);
  }
  assert.throws(() => planned(['shop', 'crm'], 'copy', ['/main/hr.dump']), {
    name: 'InvalidInput',
    message: 'include: the snapshot holds no database "/main/hr.dump"',
    advice: 'Name one of its databases: "shop", "crm".',
  });
});

test('a name that the server would cut or refuse is refused before', () => {
  for (const name of ['', 'x'.repeat(64), 'é'.repeat(32), 'a\0b']) {
    assert.throws(() => planned(['shop'], name), {
      name: 'InvalidInput',
      message: /cannot be the name of a database/,
    });
  }
  assert.throws(() => planned(['shop', 'y'.repeat(60)], 'copy'), { name: 'InvalidInput' });
});

test('what a run makes beside a target is named after both, within the length of a name', () => {
  const { beside, replaced } = besideNames('shop', run, 63);
  assert.match(beside, /^shop__restore_20261126140512_[0-9a-f]{6}$/);
  assert.match(replaced, /^shop__before_20261126140512_[0-9a-f]{6}$/);
  assert.notEqual(beside, besideNames('shop', { ...run, runId: 'run-2' }, 63).beside);
  const long = besideNames('é'.repeat(31), run, 63).beside;
  assert.ok(Buffer.byteLength(long) <= 63 && long.startsWith('éé'), long);
});

test('a sequence that went on during the dump may be anywhere between', () => {
  const at = (lastValue: string, isCalled = true): SequenceState => ({
    schema: 's',
    name: 'q',
    lastValue,
    isCalled,
  });
  const check = (before: SequenceState, after: SequenceState, restored: SequenceState): boolean => {
    const manifest = { ...database('shop'), sequences: [{ before, after }] };
    const found = { ...manifest, sequences: [restored] };
    return compareContent(manifest, found).every(({ passed }) => passed);
  };
  assert.equal(check(at('5'), at('5'), at('5')), true);
  assert.equal(check(at('5'), at('5'), at('6')), false);
  assert.equal(check(at('1', false), at('1', false), at('1', true)), false);
  assert.equal(check(at('5'), at('9'), at('7')), true);
  assert.equal(check(at('5'), at('9'), at('10')), false);
  assert.equal(check(at('9'), at('2'), at('4')), true);
});

test('of thousands of tables the first hundred are told, and all that differ up to a hundred', () => {
  const tables = Array.from({ length: 1500 }, (_, index) => ({
    schema: 's',
    name: `t${index}`,
    rows: '1',
    hash: '7',
  }));
  const manifest = { ...database('shop'), tables };
  const restored = {
    ...manifest,
    sequences: [],
    tables: tables.map((table, index) => (index < 300 ? { ...table, hash: '8' } : table)),
  };
  const checks = compareContent(manifest, restored);
  assert.equal(checks.length, 101 + 101 + 3);
  assert.deepEqual(checks[100], { subject: '200 further tables', passed: false, detail: 'they differ too' });
  assert.deepEqual(checks[201], {
    subject: '1100 further tables',
    passed: true,
    detail: 'rows and content equal',
  });
});
