import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { readCost, StorageCostSum } from '../../policy/cost/estimate.ts';
import { forecastGrowth } from '../../policy/cost/forecast.ts';
import { leastStayMs } from '../../policy/cost/least-stay.ts';
import { withOwnPrices } from '../../policy/cost/own-prices.ts';
import { listPrices, providerOf } from '../../policy/cost/prices.ts';
import { egressUsd, thawWays } from '../../policy/cost/thaw.ts';
import { longestKeptDays } from '../../policy/retention/longest.ts';

const gib = 2 ** 30;
const aws = 's3:s3.amazonaws.com/bucket/prefix';

test('the provider is known by its address, a server of ones own is none', () => {
  const found = [
    aws,
    's3:https://s3.eu-central-1.amazonaws.com/bucket',
    's3:https://s3.eu-central-2.wasabisys.com/bucket',
    's3:https://0123.r2.cloudflarestorage.com/bucket',
    's3:https://s3.us-west-004.backblazeb2.com/bucket',
    'azure:container:/prefix',
    'gs:bucket:/prefix',
    's3:http://127.0.0.1:9000/bucket',
    '/srv/backup',
  ].map((location) => providerOf(location));
  assert.deepEqual(found, ['aws', 'aws', 'wasabi', 'r2', 'b2', 'azure', 'gcs', undefined, undefined]);
});

/** AWS re:Post, "manage data retrieval": 15,000,000 objects with 102,400 GB cost $1,774 standard, $153,072 expedited. */
test('thawing costs what the example of AWS says', () => {
  const ways = thawWays(aws, [{ storageClass: 'GLACIER', packs: 15_000_000, bytes: 102_400 * gib }]);
  assert.deepEqual(
    ways.map(({ speed, costUsd }) => [speed, costUsd]),
    [
      ['bulk', 0],
      ['standard', 1774],
      ['expedited', 153_072],
    ],
  );
});

test('a class that cannot be thawed fast does not offer it', () => {
  const ways = thawWays(aws, [{ storageClass: 'DEEP_ARCHIVE', packs: 1000, bytes: 16 * gib }]);
  assert.deepEqual(
    ways.map(({ speed, hours: [, to], costUsd }) => [speed, to, costUsd]),
    [
      ['bulk', 48, 0.07],
      ['standard', 12, 0.42],
    ],
  );
});

test('a server that speaks like S3 has its ways, at prices that nobody knows', () => {
  const ways = thawWays('s3:https://example.com/b', [{ storageClass: 'GLACIER', packs: 1, bytes: 1 }]);
  assert.deepEqual(
    ways.map(({ costUsd }) => costUsd),
    [undefined, undefined, undefined],
  );
});

test('what leaves a provider is charged, what leaves a disk is not', () => {
  assert.equal(egressUsd(aws, 100 * gib), 9);
  assert.equal(egressUsd('gs:bucket:/', 10 * gib), 1.2);
  assert.equal(egressUsd('/srv/backup', 10 * gib), undefined);
});

test('each class keeps its least time', () => {
  const days = (location: string, storageClass?: string) => leastStayMs(location)(storageClass) / 86_400_000;
  assert.equal(days(aws, 'STANDARD'), 0);
  assert.equal(days(aws, 'GLACIER'), 90);
  assert.equal(days(aws, 'DEEP_ARCHIVE'), 180);
  assert.equal(days('azure:c:/', 'Cool'), 30);
  assert.equal(days('gs:b:/', 'ARCHIVE'), 365);
  assert.equal(days('s3:https://s3.wasabisys.com/b'), 90);
  assert.equal(days('/srv/backup', 'DEEP_ARCHIVE'), 0);
});

const now = new Date('2026-11-26T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

function provider(key: string) {
  const found = listPrices.providers[key];
  assert.ok(found);
  return found;
}

/** 1,000 packs of 16 MiB in STANDARD_IA for 10 days: 15.625 GiB × 0.0125 = 0.1953; 20 days left of 30. */
test('storing costs by size and class, and removing early costs the rest of the least time', () => {
  const sum = new StorageCostSum(provider('aws'), now);
  for (let pack = 0; pack < 1000; pack += 1) {
    sum.add({ kind: 'data', sizeBytes: 16 * 2 ** 20, storageClass: 'STANDARD_IA', writtenAt: daysAgo(10) });
  }
  sum.add({ kind: 'index', sizeBytes: gib, writtenAt: daysAgo(10) });
  const { lines, monthlyUsd, earlyDeletionUsd, written } = sum.total();
  assert.deepEqual(
    lines.map(({ kind, storageClass, objects, monthlyUsd: usd }) => [kind, storageClass, objects, usd]),
    [
      ['data', 'STANDARD_IA', 1000, 0.2],
      ['index', 'STANDARD', 1, 0.03],
    ],
  );
  assert.equal(monthlyUsd, 0.22, '0.1953 + 0.023, rounded up once');
  assert.equal(earlyDeletionUsd, 0.14, '0.1953 × 20/30');
  assert.deepEqual(written, { objects: 1001, requestsUsd: 0.02 });
});

/** 1,000 objects of 1 KiB: each billed as 128 KiB in STANDARD_IA, with 40 KiB more in GLACIER. */
test('small objects are billed as larger ones', () => {
  const billed = (storageClass: string) => {
    const sum = new StorageCostSum(provider('aws'), now);
    for (let object = 0; object < 1_000_000; object += 1)
      sum.add({ kind: 'data', sizeBytes: 1024, storageClass });
    return sum.total().monthlyUsd;
  };
  assert.equal(billed('STANDARD'), 0.03, '0.954 GiB × 0.023');
  assert.equal(billed('STANDARD_IA'), 1.53, '122.07 GiB × 0.0125');
  assert.equal(billed('GLACIER'), 0.15, '39.1 GiB × 0.0036');
});

/** 500 GiB in 32,000 packs of STANDARD_IA: 5.00 to retrieve, 0.032 of requests; 400 GiB beyond the free 100: 36.00. */
test('reading costs requests, retrieval and the way out beyond what is free', () => {
  const line = { storageClass: 'STANDARD_IA', objects: 32_000, bytes: 500 * gib };
  const cost = readCost(provider('aws'), [line], 500 * gib);
  assert.deepEqual(cost, { objects: 32_000, bytes: 500 * gib, retrievalUsd: 5.04, egressUsd: 36 });
  const b2 = { storageClass: 'STANDARD', objects: 1000, bytes: 500e9 };
  assert.equal(
    readCost(provider('b2'), [b2], 500e9).egressUsd,
    0,
    'three times what is stored leaves for nothing',
  );
});

test('growth is what the last 30 days have added, until retention frees as much', () => {
  const added = [{ at: daysAgo(60), bytes: 500e9 }];
  for (let day = 30; day >= 1; day -= 1) added.push({ at: daysAgo(day), bytes: 1e9 });
  const forecast = forecastGrowth({ now, bytes: 560e9, monthlyUsd: 56, added, keptDays: 90, months: 3 });
  assert.equal(forecast?.bytesPerDay, 1e9);
  assert.match(forecast.method, /30 backups of the last 30 days .* for 30 days more/);
  const [december, january, february] = forecast.months;
  assert.equal(december?.month, '2026-12');
  assert.equal(december.bytes, 564.5e9, 'four and a half days');
  assert.equal(december.monthlyUsd, 56.45);
  assert.equal(january?.bytes, 590e9, 'it ends after 30 days');
  assert.equal(january.mostBytes, 595.5e9);
  assert.equal(february?.bytes, 590e9);
  assert.equal(february.mostBytes, 626.5e9);
});

test('one backup is no growth', () => {
  const added = [{ at: daysAgo(3), bytes: 1e9 }];
  assert.equal(forecastGrowth({ now, bytes: 1e9, monthlyUsd: 1, added, months: 3 }), undefined);
});

test('prices of ones own replace single ones, and wrong ones are named', () => {
  const json = JSON.stringify({
    asOf: '2027-03',
    providers: { aws: { egressPerGb: 0.05 } },
  });
  const { asOf, providers } = withOwnPrices(json, 'prices.json');
  assert.equal(asOf, '2027-03');
  assert.equal(providers.aws?.egressPerGb, 0.05);
  assert.equal(providers.aws?.classes.STANDARD?.storagePerGbMonth, 0.023);
  assert.equal(providers.gcs, listPrices.providers.gcs);
  for (const [text, why] of [
    ['{', /no JSON/],
    ['{"asOf":"x","providers":{"aws":{"egressPerGb":-1}}}', /providers\.aws\.egressPerGb/],
    ['{"asOf":"x","providers":{"mine":{"name":"Mine"}}}', /providers\.mine\.of/],
  ] as const) {
    assert.throws(
      () => withOwnPrices(text, 'prices.json'),
      (error) => isFailure(error, 'InvalidInput') && why.test(error.message),
    );
  }
});

test('a provider of ones own is known by its hosts', () => {
  const mine = {
    ...{ name: 'Mine', of: 'here', source: 'contract 17', gbBytes: 1e9, egressPerGb: 0.01 },
    ...{ hosts: ['minio.example.com'], defaultClass: 'STANDARD' },
    classes: { STANDARD: { storagePerGbMonth: 0.002, putPer1000: 0, getPer1000: 0 } },
  };
  const prices = withOwnPrices(JSON.stringify({ asOf: '2027-03', providers: { mine } }), 'prices.json');
  assert.equal(providerOf('s3:https://minio.example.com:9000/bucket', prices), 'mine');
  assert.equal(providerOf('/srv/minio.example.com', prices), undefined);
  assert.equal(providerOf('s3:s3.amazonaws.com/bucket', prices), 'aws');
  assert.equal(egressUsd('s3:https://minio.example.com:9000/bucket', 100e9, prices), 1);
});

test('the longest time that a policy keeps anything is known where it is a time', () => {
  assert.equal(longestKeptDays({ classes: { daily: '30d', monthly: '1y6m' } }), 545);
  assert.equal(longestKeptDays({ classes: { daily: '30d' }, keep: { keepMonthly: 12 } }), undefined);
});
