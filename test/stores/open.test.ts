import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';

const settings = { env: {} };

test('a path is a folder on this machine, with or without "local:"', async () => {
  assert.equal((await openStore('/srv/backup', settings)).location, '/srv/backup');
  assert.equal((await openStore('local:/srv/backup', settings)).location, '/srv/backup');
  assert.equal((await openStore('backup', settings)).location, resolve('backup'));
});

test('a kind of store that there is not is refused without showing the rest of the URL', async () => {
  for (const url of ['rest:https://user:hunter2@host/', 'ftp://user:hunter2@host/', 'swift:hunter2:/']) {
    await assert.rejects(openStore(url, settings), (error: Error) => {
      assert.ok(isFailure(error, 'InvalidInput'));
      assert.match(error.message, /no kind of store .* "(rest|ftp|swift):"/);
      assert.match(error.advice, /s3:/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
  await assert.rejects(openStore('', settings), /empty/);
});

test("S3 is named in each of restic's ways", async () => {
  const places = {
    's3:https://minio.example.org:9000/bucket/a/b': 's3:https://minio.example.org:9000/bucket/a/b',
    's3:http://127.0.0.1:9000/bucket': 's3:http://127.0.0.1:9000/bucket',
    's3:s3.eu-west-1.amazonaws.com/bucket/a/': 's3:https://s3.eu-west-1.amazonaws.com/bucket/a',
    's3://s3.eu-west-1.amazonaws.com/bucket': 's3:https://s3.eu-west-1.amazonaws.com/bucket',
    's3:s3.amazonaws.com/bucket/a': 's3:s3.amazonaws.com/bucket/a',
  };
  for (const [url, place] of Object.entries(places)) {
    const store = await openStore(url, settings);
    assert.equal(store.location, place);
    await store.close();
  }
});

test('a malformed URL of a service is refused with its form, and never shown', async () => {
  const wrong = {
    's3:': /bucket is missing|another form/,
    's3:https://host/': /the bucket is missing/,
    's3:https://host/UP/x': /"UP" cannot be a bucket/,
    's3:https://key:hunter2@host/bucket': /must not hold credentials/,
    's3:https://host/bu%zzcket': /not followed by two hex digits/,
  };
  for (const [url, message] of Object.entries(wrong)) {
    await assert.rejects(openStore(url, settings), (error: Error) => {
      assert.ok(isFailure(error, 'InvalidConfiguration'), url);
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message} ${error.advice}`, /hunter2/);
      return true;
    });
  }
});
