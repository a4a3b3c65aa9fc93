import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { parseS3Location } from '../../../stores/s3/location.ts';

test("restic's ways to write an S3 repository are understood", () => {
  const place = { endpoint: 'https://s3.example', bucket: 'backups', prefix: 'web1/main' };
  for (const url of [
    's3:https://s3.example/backups/web1/main',
    's3:s3.example/backups/web1/main',
    's3://s3.example/backups/web1/main/',
  ]) {
    assert.deepEqual(parseS3Location(url), place);
  }
  assert.equal(parseS3Location('s3:http://127.0.0.1:9000/backups').endpoint, 'http://127.0.0.1:9000');
  assert.equal(parseS3Location('s3:s3.example/backups').prefix, '');
});

test('a URL without a bucket, or with one that cannot be, is refused with the form to write', () => {
  for (const url of ['s3:https://s3.example', 's3:s3.example/No_Such', 's3:s3.example/ab']) {
    assert.throws(
      () => parseS3Location(url),
      (error) => isFailure(error, 'InvalidConfiguration') && error.advice.includes('s3:https://HOST/BUCKET'),
    );
  }
});

test('credentials in the URL are refused and not repeated', () => {
  assert.throws(
    () => parseS3Location('s3:https://AKEY:SECRETKEY@s3.example/backups'),
    (error) =>
      isFailure(error, 'InvalidConfiguration') && !`${error.message}${error.advice}`.includes('SECRETKEY'),
  );
});
