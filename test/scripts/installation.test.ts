import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isInstalled, missingPackages } from '../../scripts/installation.mjs';

const otherSystem = process.platform === 'linux' ? 'darwin' : 'linux';
const forUse = { development: false };
const forDevelopment = { development: true };
const one = { version: '1.0.0', integrity: 'sha512-one' };

describe('missingPackages', () => {
  test('finds nothing when all packages are there', () => {
    assert.deepEqual(
      missingPackages({ '': {}, 'node_modules/a': one }, { 'node_modules/a': one }, forUse),
      [],
    );
  });

  test('finds an absent package, another version, and another content of the same version', () => {
    const wanted = { 'node_modules/a': one, 'node_modules/b': one, 'node_modules/c': one };
    const installed = {
      'node_modules/b': { ...one, version: '1.0.1' },
      'node_modules/c': { ...one, integrity: 'sha512-two' },
    };
    assert.deepEqual(missingPackages(wanted, installed, forUse), Object.keys(wanted));
  });

  test('wants packages for development only where they are needed', () => {
    const optional = { optional: true, os: [process.platform], cpu: [process.arch] };
    const wanted = {
      'node_modules/a': { ...one, dev: true },
      'node_modules/b': { ...one, dev: true, ...optional },
    };
    assert.deepEqual(missingPackages(wanted, {}, forUse), []);
    assert.deepEqual(missingPackages(wanted, {}, forDevelopment), Object.keys(wanted));
  });

  test('wants of the optional packages those that are made for this machine', () => {
    const wanted = {
      'node_modules/any': { ...one, optional: true },
      'node_modules/other': { ...one, optional: true, os: [otherSystem] },
      'node_modules/this': { ...one, optional: true, os: [process.platform], cpu: [process.arch] },
    };
    assert.deepEqual(missingPackages(wanted, {}, forUse), ['node_modules/this']);
  });
});

describe('isInstalled', () => {
  let root = '';

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'installation-'));
    await writeLock('package-lock.json', { '': {}, 'node_modules/a': one });
  });

  afterEach(() => rm(root, { recursive: true }));

  test('is false without node_modules', () => {
    assert.equal(isInstalled(root, forUse), false);
  });

  test('is false after an installation that was interrupted', async () => {
    await mkdir(join(root, 'node_modules', 'a'), { recursive: true });
    assert.equal(isInstalled(root, forUse), false);
  });

  test('is true when npm has recorded the same packages, and false once package-lock.json changes', async () => {
    await mkdir(join(root, 'node_modules'));
    await writeLock(join('node_modules', '.package-lock.json'), { 'node_modules/a': one });
    assert.equal(isInstalled(root, forUse), true);
    await writeLock('package-lock.json', { '': {}, 'node_modules/a': { ...one, version: '2.0.0' } });
    assert.equal(isInstalled(root, forUse), false);
  });

  async function writeLock(name: string, packages: object): Promise<void> {
    await writeFile(join(root, name), JSON.stringify({ packages }));
  }
});
