import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, versionIn } from '../../tools/versions.ts';

test('a version is found in what programs print', () => {
  assert.equal(versionIn('restic 0.14.0 compiled with go1.19.8 on linux/amd64'), '0.14.0');
  assert.equal(versionIn('postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'), '15.18');
  const temporal = 'temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)';
  assert.equal(versionIn(temporal, /Server (\d+\.\d+\.\d+)/), '1.29.1');
  assert.equal(versionIn('no such command'), undefined);
});

test('versions are compared number by number', () => {
  assert.ok(compareVersions('0.9.0', '0.19.1') < 0);
  assert.ok(compareVersions('1.29.1', '1.29.0') > 0);
  assert.equal(compareVersions('18.6', '18.6.0'), 0);
});
