import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IntelligentTieringConfiguration, LifecycleRule } from '@aws-sdk/client-s3';
import {
  completedRules,
  harmfulRules,
  harmfulTiering,
  wantedRule,
} from '../../../stores/s3/bucket/lifecycle.ts';

const wanted = wantedRule('resguardo', 30);

function rule(fields: Partial<LifecycleRule>): LifecycleRule {
  return { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: '' }, ...fields };
}

describe('the lifecycle rule of ours', () => {
  test('touches no live object', () => {
    assert.equal(wanted.Expiration?.Days, undefined);
    assert.equal(wanted.Expiration?.Date, undefined);
    assert.equal(wanted.Transitions, undefined);
    assert.deepEqual(harmfulRules([wanted], 'resguardo'), []);
  });

  test('is added to those of others, and changed where it is another', () => {
    const theirs = rule({ Expiration: { Days: 9 }, Filter: { Prefix: 'logs/' } });
    assert.deepEqual(completedRules(wanted, [theirs]), [theirs, wanted]);
    assert.deepEqual(completedRules(wanted, [wantedRule('resguardo', 7), theirs]), [theirs, wanted]);
    assert.equal(completedRules(wanted, [theirs, wanted]), undefined);
    assert.equal(completedRules(wanted, undefined), undefined, 'nobody knows');
  });
});

describe('a rule of others', () => {
  const cases: readonly (readonly [string, Partial<LifecycleRule>, readonly string[]])[] = [
    ['that expires everything is harmful', { Expiration: { Days: 30 } }, ['expires']],
    ['with a date is harmful', { Expiration: { Date: new Date('2027-01-01') } }, ['expires']],
    [
      'of old writing is understood',
      { Filter: undefined, Prefix: 'resguardo/data/', Expiration: { Days: 1 } },
      ['expires'],
    ],
    [
      'with tags and a prefix above ours is harmful',
      { Filter: { And: { Prefix: 'res', Tags: [] } }, Expiration: { Days: 1 } },
      ['expires'],
    ],
    [
      'that freezes and expires is both',
      { Transitions: [{ Days: 90, StorageClass: 'DEEP_ARCHIVE' }], Expiration: { Days: 365 } },
      ['expires', 'freezes'],
    ],
    [
      'into a class that can be read at once is none',
      { Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }] },
      [],
    ],
    ['for another prefix is none', { Filter: { Prefix: 'logs/' }, Expiration: { Days: 1 } }, []],
    ['that is switched off is none', { Status: 'Disabled', Expiration: { Days: 1 } }, []],
    ['for old versions alone is none', { NoncurrentVersionExpiration: { NoncurrentDays: 1 } }, []],
  ];
  for (const [title, fields, harms] of cases) {
    test(title, () => {
      const found = harmfulRules([rule(fields)], 'resguardo').map(({ harm }) => harm);
      assert.deepEqual(found, harms);
    });
  }
});

describe('INTELLIGENT_TIERING', () => {
  const tiering = (fields: Partial<IntelligentTieringConfiguration>): IntelligentTieringConfiguration => ({
    Id: 'theirs',
    Status: 'Enabled',
    Tierings: [{ AccessTier: 'ARCHIVE_ACCESS', Days: 90 }],
    ...fields,
  });

  test('with archive tiers freezes what lies in it', () => {
    const [found] = harmfulTiering([tiering({})], 'resguardo');
    assert.partialDeepStrictEqual(found, { id: 'theirs', harm: 'freezes' });
    assert.match(found?.description ?? '', /ARCHIVE_ACCESS 90 days/);
  });

  test('that is switched off or for other objects does not', () => {
    assert.deepEqual(harmfulTiering([tiering({ Status: 'Disabled' })], 'resguardo'), []);
    assert.deepEqual(harmfulTiering([tiering({ Filter: { Prefix: 'logs/' } })], 'resguardo'), []);
    assert.deepEqual(harmfulTiering(undefined, 'resguardo'), []);
  });
});
