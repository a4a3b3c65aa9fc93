import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration } from '../../configuration/load.ts';
import { doubtfulDurations } from '../../doctor/durations.ts';

test('m is months in retention and minutes elsewhere, and told where the other may have been meant', () => {
  const configuration = parseConfiguration(
    '/etc/resguardo.yaml',
    `
repositories:
  main: { url: a, password: "env:A", retention: { daily: 6m, keep: { within: 30m } } }
  far: { url: b, password: "env:B", prune: { deleteDelay: 3m } }
defaultRepository: main
policies: { retention: { weekly: 90m } }
`,
    {},
  );
  assert.deepEqual(
    doubtfulDurations(configuration).map(({ message }) => message),
    [
      'policies.retention.weekly is 90m, which is 90 months, not minutes.',
      'repositories.main.retention.keep.within is 30m, which is 30 months, not minutes.',
      'repositories.far.prune.deleteDelay is 3m, which is 3 minutes, not months.',
    ],
  );
});
