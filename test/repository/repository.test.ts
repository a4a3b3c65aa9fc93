import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isFailure } from '../../contracts/failures.ts';
import { packMatchesName, readPackHeader } from '../../repository/pack/pack-reader.ts';
import { Repository } from '../../repository/repository.ts';
import { openLocalStore } from '../../stores/local.ts';
import { temporaryFolder } from './temporary-folder.ts';
import {
  cheapScrypt,
  noSignal,
  streamOf,
  testPassword,
  testPolynomial,
  testRepository,
} from './test-repository.ts';

test('a new repository is opened by its password, and is the same', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const opened = await reopen();
  assert.match(opened.id, /^[0-9a-f]{64}$/);
  assert.equal(opened.id, repository.id);
  assert.equal(opened.chunkerPolynomial, testPolynomial);
});

test('two repositories have ids, polynomials and keys of their own', async (t) => {
  const [a, b] = await Promise.all([
    Repository.init(openLocalStore(await temporaryFolder(t)), testPassword, { scryptCost: cheapScrypt }),
    Repository.init(openLocalStore(await temporaryFolder(t)), testPassword, { scryptCost: cheapScrypt }),
  ]);
  assert.notEqual(a.id, b.id);
  assert.notEqual(a.chunkerPolynomial, b.chunkerPolynomial);
  assert.equal(a.sealing.open(b.sealing.seal(Buffer.from('x'))), undefined);
});

test('a repository is not created over another', async (t) => {
  const { store, repository } = await testRepository(t);
  await assert.rejects(Repository.init(store, testPassword), (error) => isFailure(error, 'RepositoryExists'));
  assert.equal((await Repository.open(store, testPassword)).id, repository.id);
});

test('of two who create a repository in one place at once, one fails', async (t) => {
  const store = openLocalStore(await temporaryFolder(t));
  const init = () => Repository.init(store, testPassword, { scryptCost: cheapScrypt });
  const outcomes = await Promise.allSettled([init(), init()]);
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(failed.length, 1);
  assert.ok(isFailure(failed[0]?.reason, 'RepositoryExists'));
  assert.equal((await readdir(join(store.location, 'keys'))).length, 1);
});

test('key files of other master keys, as killed inits leave them, are no hindrance', async (t) => {
  const { folder, store, repository } = await testRepository(t);
  for (let count = 0; count < 3; count++) {
    const other = await testRepository(t);
    await cp(join(other.folder, 'keys'), join(folder, 'keys'), { recursive: true });
  }
  assert.equal((await readdir(join(folder, 'keys'))).length, 4);
  assert.equal((await Repository.open(store, testPassword)).keyId, repository.keyId);
});

test('a chunker polynomial that would cut nothing well is refused', async (t) => {
  const store = openLocalStore(await temporaryFolder(t));
  await assert.rejects(
    Repository.init(store, testPassword, { chunkerPolynomial: 2n ** 53n, scryptCost: cheapScrypt }),
    (error) => isFailure(error, 'InvalidInput'),
  );
  assert.deepEqual(await readdir(store.location), []);
});

test('where no repository is, none is found', async (t) => {
  const folder = await temporaryFolder(t);
  for (const path of [folder, join(folder, 'missing')]) {
    await assert.rejects(Repository.open(openLocalStore(path), testPassword), (error) => {
      assert.ok(isFailure(error, 'RepositoryNotFound'));
      return error.message.includes(path);
    });
  }
});

test('what restic 0.14 wrote is read, down to each blob', async () => {
  const folder = fileURLToPath(new URL('fixtures/restic-0.14', import.meta.url));
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  await repository.loadIndex();
  assert.equal(repository.chunkerPolynomial, 0x2e34d149c9f217n);
  const latest = await repository.findSnapshot('latest');
  assert.deepEqual(
    [latest.time, latest.hostname, latest.tags, latest.paths],
    ['2026-01-03T03:04:05Z', 'fixture', ['two'], ['/srv/fixture']],
  );
  assert.equal((await Array.fromAsync(repository.snapshots())).length, 2);
  for (const { type, id, pack } of repository.index.blobs()) {
    assert.equal(hash('sha256', await repository.loadBlob(type, id)), id, pack);
  }
  assert.equal((await repository.loadBlob('data', hash('sha256', 'hello\n'))).toString(), 'hello\n');
  await assertHeadersAgree(repository);
});

test('the index that is loaded again follows what others add', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const reader = await reopen();
  const writer = await repository.openWriter();
  const { id } = await writer.saveBlob('data', Buffer.from('new'));
  assert.equal(reader.hasBlob('data', id), false);
  await writer.finish();
  await reader.loadIndex();
  assert.equal(reader.hasBlob('data', id), true);
  assert.deepEqual(await reader.loadBlob('data', id), Buffer.from('new'));
});

test('blobs that an index named which has gone are not taken for stored', async (t) => {
  const { repository, folder, reopen } = await testRepository(t);
  const id = await saveOne(repository, 'pruned');
  const [indexOfPruned = ''] = await readdir(join(folder, 'index'));
  const keptId = await saveOne(await reopen(), 'kept');
  const reader = await reopen();
  assert.ok(reader.hasBlob('data', id) && reader.hasBlob('data', keptId));
  await rm(join(folder, 'index', indexOfPruned));
  const writer = await reader.openWriter();
  assert.equal(reader.hasBlob('data', id), false);
  assert.equal(reader.hasBlob('data', keptId), true);
  assert.equal((await writer.saveBlob('data', Buffer.from('pruned'))).isNew, true);
  await writer.finish();
});

test('a blob that is damaged in one pack is read from another', async (t) => {
  const { reopen, folder } = await testRepository(t);
  // Two writers that do not know of each other store the same blob twice.
  const [one, two] = await Promise.all([reopen(), reopen()]);
  const [id] = await Promise.all([saveOne(one, 'twice'), saveOne(two, 'twice')]);
  const reader = await reopen();
  const [first, second] = reader.index.locate('data', id);
  assert.ok(first && second);
  await rm(join(folder, 'data', first.pack.slice(0, 2), first.pack));
  assert.equal((await reader.loadBlob('data', id)).toString(), 'twice');
});

test('what a writer stored agrees with the headers of its packs', async (t) => {
  const { repository, reopen } = await testRepository(t);
  const writer = await repository.openWriter();
  await writer.saveStream(streamOf(randomBytes(3_000_000), Buffer.alloc(3_000_000)), { signal: noSignal });
  await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
  await writer.finish();
  await assertHeadersAgree(await reopen());
});

async function saveOne(repository: Repository, text: string): Promise<string> {
  const writer = await repository.openWriter();
  const { id } = await writer.saveBlob('data', Buffer.from(text));
  await writer.finish();
  return id;
}

async function assertHeadersAgree(repository: Repository): Promise<void> {
  const { store, sealing, index } = repository;
  const packs = await Array.fromAsync(store.list('data'));
  assert.equal(index.packCount, packs.length);
  for (const { id, blobs } of index.blobsByPack()) {
    const sizeBytes = packs.find(({ name }) => name === id)?.sizeBytes ?? 0;
    assert.deepEqual(await readPackHeader({ store, sealing }, { id, sizeBytes }), blobs);
    assert.equal(await packMatchesName(store, { id, sizeBytes }), true);
  }
}
