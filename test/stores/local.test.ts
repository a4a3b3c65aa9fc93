import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Failure, isFailure } from '../../contracts/failures.ts';
import { openLocalStore } from '../../stores/local.ts';
import type { StoreFile } from '../../stores/store.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { testStore } from './conformance.ts';
import { smallDisk } from './small-disk.ts';

testStore('local', async (t) => openLocalStore(join(await temporaryFolder(t), 'a folder', 'repository')));

const bytes = Buffer.from('some bytes');
const file: StoreFile = { type: 'data', name: hash('sha256', bytes) };

async function createdStore(t: TestContext) {
  const folder = join(await temporaryFolder(t), 'repository');
  const store = openLocalStore(folder);
  await store.create();
  return { store, folder, path: join(folder, 'data', file.name.slice(0, 2), file.name) };
}

test('only the owner may read what the local store writes', async (t) => {
  const { store, folder, path } = await createdStore(t);
  await store.save(file, [bytes]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  for (const made of [folder, join(folder, 'keys'), join(folder, 'data'), join(folder, 'data', 'ff')]) {
    assert.equal((await stat(made)).mode & 0o777, 0o700, made);
  }
});

test("the local store has restic's layout", async (t) => {
  const { folder } = await createdStore(t);
  assert.deepEqual((await readdir(folder)).sort(), ['data', 'index', 'keys', 'locks', 'snapshots']);
  const shards = await readdir(join(folder, 'data'));
  assert.equal(shards.length, 256);
  assert.ok(shards.includes('00') && shards.includes('ff'));
});

test('a stored file leaves no temporary file beside it', async (t) => {
  const { store, folder } = await createdStore(t);
  await store.save(file, [bytes]);
  await store.save(file, [bytes]);
  assert.deepEqual(await readdir(join(folder, 'data', file.name.slice(0, 2))), [file.name]);
});

test('files of other programs are neither listed nor removed', async (t) => {
  const { store, folder } = await createdStore(t);
  const foreign = ['notes.txt', `${'a'.repeat(64)}-tmp-123`, 'A'.repeat(64)];
  for (const name of foreign) await writeFile(join(folder, 'snapshots', name), 'x');
  await mkdir(join(folder, 'snapshots', 'b'.repeat(64)));
  assert.deepEqual(await Array.fromAsync(store.list('snapshot')), []);
  await store.sweep(0);
  assert.equal((await readdir(join(folder, 'snapshots'))).length, 4);
});

test('sweeping removes the temporary files of crashed writers once they are old', async (t) => {
  const { store, folder } = await createdStore(t);
  const hourAgo = new Date(Date.now() - 3_600_000);
  const left = (name: string) => `${name}.tmp-${randomBytes(8).toString('hex')}`;
  const old = [join(folder, 'data', 'ab', left('ab'.repeat(32))), join(folder, left('config'))];
  const young = join(folder, 'index', left('c'.repeat(64)));
  for (const path of [...old, young]) await writeFile(path, 'part of a file');
  for (const path of old) await utimes(path, hourAgo, hourAgo);
  await store.sweep(60_000);
  for (const path of old) await assert.rejects(stat(path), { code: 'ENOENT' });
  await stat(young);
});

test('a missing shard folder, as in a copied repository, is made', async (t) => {
  const folder = join(await temporaryFolder(t), 'repository');
  await mkdir(join(folder, 'data'), { recursive: true });
  const store = openLocalStore(folder);
  assert.equal(await store.save(file, [bytes]), 'stored');
  assert.deepEqual(await store.load(file), bytes);
});

test('a folder that has gone is unavailable, not empty', async (t) => {
  const store = openLocalStore(join(await temporaryFolder(t), 'missing'));
  const failure = await failureOf(Array.fromAsync(store.list('snapshot')));
  assert.equal(failure.type, 'StoreUnavailable');
  assert.match(failure.advice, /Mount the disk/);
});

test('a file that was cut short is damage', async (t) => {
  const { store, path } = await createdStore(t);
  await store.save(file, [bytes]);
  await chmod(path, 0o600);
  await truncate(path, 3);
  const failure = await failureOf(store.load(file, { offset: 0, length: bytes.length }));
  assert.equal(failure.type, 'RepositoryDamaged');
  assert.match(failure.message, /ends after 3 bytes/);
});

test('a place where nothing may be written is named with the mend', async () => {
  // The kernel refuses this to everybody, so that the test tells the same as root.
  const failure = await failureOf(openLocalStore('/sys/resguardo-test').create());
  assert.equal(failure.type, 'RepositoryUnwritable');
  assert.match(failure.message, /^\/sys\/resguardo-test cannot be written: /);
});

test('a file where the repository should be is named with the mend', async (t) => {
  const path = join(await temporaryFolder(t), 'file');
  await writeFile(path, '');
  const failure = await failureOf(openLocalStore(path).create());
  assert.equal(failure.type, 'RepositoryUnwritable');
  assert.match(failure.advice, /is a folder or does not exist/);
});

test('a full disk fails the save alone, and takes it again once there is space', async (t) => {
  await using disk = await smallDisk(t, 2);
  if (!disk) return;
  const store = openLocalStore(join(disk.folder, 'repository'));
  await store.create();
  await store.save(file, [bytes]);
  const filler = randomBytes(1800 * 1024);
  const fillerFile: StoreFile = { type: 'data', name: hash('sha256', filler) };
  await store.save(fillerFile, [filler]);
  const next = randomBytes(400 * 1024);
  const nextFile: StoreFile = { type: 'data', name: hash('sha256', next) };
  const failure = await failureOf(store.save(nextFile, [next]));
  assert.equal(failure.type, 'StorageFull');
  assert.equal(await store.size(nextFile), undefined);
  assert.deepEqual(await store.load(file), bytes);
  await store.remove(fillerFile);
  assert.equal(await store.save(nextFile, [next]), 'stored');
});

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const outcome = await promise.then(
    () => assert.fail('did not fail'),
    (error: unknown) => error,
  );
  assert.ok(isFailure(outcome), String(outcome));
  return outcome;
}
