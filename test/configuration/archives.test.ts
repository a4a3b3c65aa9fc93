import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration } from '../../configuration/load.ts';
import { placementOf } from '../../configuration/placement.ts';
import { retentionOf } from '../../control/retention.ts';

function configuration(copies: string, more = '') {
  const text = `repositories:
  main: { url: /srv/main, password: "env:KEY" }
  offsite: { url: "gs:bucket:/", password: "env:KEY" }
  archive: { url: "s3:https://s3.amazonaws.com/acme-archive", password: "env:KEY", archive: true, s3: { storageClass: DEEP_ARCHIVE }${more} }
defaultRepository: main
sources:
  etc: { kind: files, paths: [/etc]${copies} }
  home: { kind: files, paths: [/home] }
`;
  return parseConfiguration('/etc/resguardo.yaml', text, {});
}

test('an archive that no source names gets all of them, and no copy after a backup', () => {
  const found = configuration(', copies: [offsite]');
  assert.partialDeepStrictEqual(placementOf(found, 'etc'), {
    copiesIn: ['offsite'],
    archivesIn: ['archive'],
  });
  assert.partialDeepStrictEqual(placementOf(found, 'home'), { copiesIn: [], archivesIn: ['archive'] });
});

test('an archive that a source names gets the sources that name it', () => {
  const found = configuration(', copies: [offsite, archive]');
  assert.partialDeepStrictEqual(placementOf(found, 'etc'), {
    copiesIn: ['offsite'],
    archivesIn: ['archive'],
  });
  assert.deepEqual(placementOf(found, 'home').archivesIn, []);
});

test('every snapshot in an archive lasts as a monthly one, and no shorter than its class bills it', () => {
  assert.deepEqual(retentionOf(configuration(''), 'archive').classes, {
    incremental: '180d',
    daily: '180d',
    weekly: '180d',
    monthly: '180d',
  });
  const own = retentionOf(configuration('', ', retention: { monthly: 7y }'), 'archive').classes;
  assert.deepEqual([own?.daily, own?.monthly], ['7y', '7y']);
  assert.equal(retentionOf(configuration(''), 'main').classes?.daily, '30d');
});
