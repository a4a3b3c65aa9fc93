import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Repository } from '../../repository/repository.ts';
import { walkTree } from '../../repository/tree/walk.ts';
import { cachedStore } from '../../stores/cache.ts';
import { openLocalStore } from '../../stores/local.ts';
import type { ByteRange, Store, StoreFile } from '../../stores/store.ts';
import { backUpFiles } from '../repository/back-up.ts';
import { pruneAll } from '../repository/prune/prune-all.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { testPassword, testRepository } from '../repository/test-repository.ts';

/** A repository with a snapshot, and a way to open it by a cache while loads are counted. */
async function cachedRepository(t: TestContext) {
  const made = await testRepository(t);
  const [source, cache] = [await temporaryFolder(t), await temporaryFolder(t)];
  writeFileSync(join(source, 'file'), 'content');
  const { tree } = await backUpFiles(made.repository, { paths: [source] });
  const open = async (maxBytes?: number) => {
    const loads: string[] = [];
    const options = { folder: cache, ...(maxBytes === undefined ? {} : { maxBytes }) };
    const repository = await Repository.open(counted(openLocalStore(made.folder), loads), testPassword, {
      cache: (store, facts) => cachedStore(store, facts, options),
    });
    loads.length = 0;
    return { repository, loads };
  };
  const browse = async (maxBytes?: number): Promise<readonly string[]> => {
    const { repository, loads } = await open(maxBytes);
    await repository.loadIndex();
    for await (const { tree: root } of repository.snapshots())
      await Array.fromAsync(walkTree(repository, root));
    await repository.close();
    return loads;
  };
  const files = (): readonly string[] =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => /\/[0-9a-f]{64}$/.test(name));
  return { ...made, tree, cache, open, browse, files };
}

function counted(store: Store, loads: string[]): Store {
  return new Proxy(store, {
    get: (target, key) => {
      if (key === 'load') {
        return (file: StoreFile, range?: ByteRange, signal?: AbortSignal) => {
          loads.push(file.type);
          return target.load(file, range, signal);
        };
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('what was read once is not read from the store again', async (t) => {
  const { browse, files } = await cachedRepository(t);
  assert.deepEqual([...(await browse())].toSorted(), ['data', 'index', 'snapshot']);
  assert.equal(files().length, 3);
  assert.deepEqual(await browse(), []);
});

test('a file of the cache that is not whole is read from the store', async (t) => {
  const { browse, files, cache } = await cachedRepository(t);
  await browse();
  for (const name of files()) writeFileSync(join(cache, name), 'something else');
  assert.equal((await browse()).length, 3);
  assert.deepEqual(await browse(), [], 'and is whole again');
});

test('what has gone from the repository goes from the cache, and packs with data never come in', async (t) => {
  const { browse, files, open, repository, store, tree } = await cachedRepository(t);
  await browse();
  const { repository: reading } = await open();
  await reading.loadIndex();
  const [data] = [...reading.index.blobs()].filter(({ type }) => type === 'data');
  await reading.loadBlob('data', data?.id ?? '');
  assert.ok(files().every((name) => !name.endsWith(data?.pack ?? 'x')));
  await reading.close();
  for await (const { name } of store.list('snapshot')) await store.remove({ type: 'snapshot', name });
  await pruneAll(repository);
  const { repository: after } = await open();
  await after.loadIndex();
  await Array.fromAsync(after.store.list('data'));
  await Array.fromAsync(after.snapshots());
  assert.equal(after.hasBlob('tree', tree), false);
  assert.deepEqual(files(), []);
  await after.close();
});

test('a cache stays within its bound, and tells other programs what it is', async (t) => {
  const { browse, files, cache } = await cachedRepository(t);
  await browse(1);
  assert.deepEqual(files(), []);
  assert.match(
    readFileSync(join(cache, 'CACHEDIR.TAG'), 'utf8'),
    /^Signature: 8a477f597d28d172789f06886806bc55/,
  );
});
