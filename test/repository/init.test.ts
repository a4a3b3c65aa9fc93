import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { changedStore, type Store } from '../../stores/store.ts';
import { type TestScope, temporaryFolder } from './temporary-folder.ts';
import { cheapScrypt as scryptCost, testPassword } from './test-repository.ts';

const brokenDisk = new Failure('StoreUnavailable', 'the disk is broken');

test('an init whose config is stored but not surely flushed leaves a repository that opens', async (t) => {
  const { store, failing } = await withConfigPut(t, async (put) => {
    await put();
    throw brokenDisk;
  });
  await assert.rejects(Repository.init(failing, testPassword, { scryptCost }), brokenDisk);
  const opened = await Repository.open(store, testPassword);
  assert.match(opened.id, /^[0-9a-f]{64}$/);
  const again = Repository.init(store, testPassword, { scryptCost });
  await assert.rejects(again, (error) => isFailure(error, 'RepositoryExists'));
  assert.equal((await Repository.open(store, testPassword)).id, opened.id);
});

test('an init whose config is not stored can be run again', async (t) => {
  const { store, failing } = await withConfigPut(t, () => Promise.reject(brokenDisk));
  await assert.rejects(Repository.init(failing, testPassword, { scryptCost }), brokenDisk);
  const made = await Repository.init(store, testPassword, { scryptCost });
  assert.equal((await Repository.open(store, testPassword)).id, made.id);
});

test('a config that a service stores after it was given up has its key', async (t) => {
  let late: () => Promise<unknown> = async () => undefined;
  const { store, failing } = await withConfigPut(t, (put) => {
    late = put;
    return Promise.reject(brokenDisk);
  });
  await assert.rejects(Repository.init(failing, testPassword, { scryptCost }), brokenDisk);
  await late();
  assert.match((await Repository.open(store, testPassword)).id, /^[0-9a-f]{64}$/);
});

test('a config that is sent twice because the first answer was lost is the own one', async (t) => {
  const { store, failing } = await withConfigPut(t, async (put) => {
    await put();
    return await put();
  });
  const made = await Repository.init(failing, testPassword, { scryptCost });
  assert.equal((await Repository.open(store, testPassword)).id, made.id);
});

test('an init that comes second says so even when it cannot take its key back', async (t) => {
  const other = new Secret('battery staple');
  const { store, failing } = await withConfigPut(t, async (put) => {
    await Repository.init(store, other, { scryptCost });
    return await put();
  });
  const stuck = changedStore(failing, { remove: () => Promise.reject(brokenDisk) });
  const second = Repository.init(stuck, testPassword, { scryptCost });
  await assert.rejects(second, (error) => isFailure(error, 'RepositoryExists'));
  assert.match((await Repository.open(store, other)).id, /^[0-9a-f]{64}$/);
});

test('a repository whose key files are gone says what can be done', async (t) => {
  const store = openLocalStore(await temporaryFolder(t));
  const { keyId } = await Repository.init(store, testPassword, { scryptCost });
  await store.remove({ type: 'key', name: keyId });
  await assert.rejects(Repository.open(store, testPassword), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'));
    return /copy.*nothing was backed up/s.test(error.advice ?? '');
  });
});

/** A store, and one above it that puts a config in another way. */
async function withConfigPut(
  t: TestScope,
  putConfig: (put: () => Promise<'stored' | 'exists'>) => Promise<'stored' | 'exists'>,
): Promise<{ readonly store: Store; readonly failing: Store }> {
  const store = openLocalStore(await temporaryFolder(t));
  const failing = changedStore(store, {
    save: (file, parts, signal) => {
      const put = () => store.save(file, parts, signal);
      return file.type === 'config' ? putConfig(put) : put();
    },
  });
  return { store, failing };
}
