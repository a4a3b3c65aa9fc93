import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forecastOf } from '../../reports/forecast.ts';

const start = Date.UTC(2026, 8, 1);
const dayMs = 86_400_000;

function points(days: number, bytesAt: (day: number) => number) {
  return Array.from({ length: days }, (_, day) => ({
    at: new Date(start + day * dayMs).toISOString(),
    bytes: bytesAt(day),
  }));
}

function on(day: number): string {
  return new Date(start + day * dayMs).toISOString();
}

/** Numbers between -1 and 1 that look random, and are the same in each run. */
function noiseFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 1_073_741_824 - 1;
  };
}

test('less than a week of history is no forecast', () => {
  assert.equal(
    forecastOf(
      points(7, (day) => day),
      { now: on(7) },
    ),
    undefined,
  );
  assert.equal(forecastOf([], { now: on(7) }), undefined);
  assert.ok(
    forecastOf(
      points(8, (day) => day),
      { now: on(8) },
    ),
  );
});

test('steady growth is continued, with no doubt about it', () => {
  const forecast = forecastOf(
    points(31, (day) => 1000 + 10 * day),
    { now: on(30), freeBytes: 200 },
  );
  assert.deepEqual(forecast?.bytesPerDay, { expected: 10, low: 10, high: 10 });
  assert.deepEqual(forecast?.in7Days, { expected: 1370, low: 1370, high: 1370 });
  assert.equal(forecast?.fullAt, on(50));
  assert.equal(forecast?.fullAtEarliest, on(50));
});

test('growth that varies has a band that holds the line, and widens', () => {
  const noise = noiseFrom(7);
  const forecast = forecastOf(
    points(60, (day) => 1000 + 10 * day + 40 * noise()),
    { now: on(59) },
  );
  assert.ok(forecast);
  const width = ({ low, high }: { low: number; high: number }): number => high - low;
  assert.ok(forecast.bytesPerDay.low <= 10 && forecast.bytesPerDay.high >= 10);
  assert.ok(width(forecast.in30Days) > width(forecast.in7Days));
  assert.ok(forecast.in30Days.low <= 1890 && 1890 <= forecast.in30Days.high);
});

test('one day on which much was removed does not turn growth into shrinking', () => {
  const forecast = forecastOf(
    points(40, (day) => 1000 + 10 * day - (day >= 35 ? 150 : 0)),
    { now: on(39) },
  );
  assert.ok((forecast?.bytesPerDay.expected ?? 0) > 5);
});

test('a repository that does not grow never fills its disk', () => {
  const forecast = forecastOf(
    points(30, () => 1000),
    { now: on(29), freeBytes: 10 },
  );
  assert.equal(forecast?.fullAt, undefined);
  assert.equal(forecast?.fullAtEarliest, undefined);
});

test('of several measurements of a day the last counts', () => {
  const twice = points(10, (day) => 10 * day).flatMap((point) => [
    { at: point.at, bytes: 999_999 },
    { at: point.at.replace('T00', 'T12'), bytes: point.bytes },
  ]);
  assert.equal(forecastOf(twice, { now: on(10) })?.bytesPerDay.expected, 10);
});

test('the band holds about eight of ten outcomes, when days are independent', () => {
  const series = 200;
  const inside = { in7Days: 0, in30Days: 0 };
  for (let seed = 1; seed <= series; seed += 1) {
    const noise = noiseFrom(seed * 7919);
    let bytes = 1000;
    const walk = points(91, () => {
      bytes += 10 + 12 * noise();
      return bytes;
    });
    const forecast = forecastOf(walk.slice(0, 61), { now: on(60) });
    for (const [name, day] of [
      ['in7Days', 67],
      ['in30Days', 90],
    ] as const) {
      const outcome = walk[day]?.bytes ?? 0;
      if (forecast && forecast[name].low <= outcome && outcome <= forecast[name].high) inside[name] += 1;
    }
  }
  for (const count of Object.values(inside))
    assert.ok(count > 0.7 * series && count < 0.95 * series, JSON.stringify(inside));
});
