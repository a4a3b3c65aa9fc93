import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import type { FileType, ListedType, Store, StoreFile } from '../../stores/store.ts';

/** Makes an empty store for one test, and removes it when the test has ended. `create` is not yet called. */
export type MakeStore = (t: TestContext) => Promise<Store>;

const listedTypes = ['key', 'lock', 'snapshot', 'index', 'data'] as const;

/** The contract of `Store`, to be run against every kind of store. */
export function testStore(kind: string, makeStore: MakeStore): void {
  const title = (behaviour: string) => `${kind}: ${behaviour}`;
  const created = async (t: TestContext): Promise<Store> => {
    const store = await makeStore(t);
    await store.create();
    return store;
  };

  test(title('an empty store lists nothing and holds no config'), async (t) => {
    const store = await created(t);
    for (const type of listedTypes) assert.deepEqual(await list(store, type), []);
    assert.equal(await store.size(config), undefined);
    assert.equal(await store.load(config), undefined);
  });

  test(title('creating it twice loses nothing'), async (t) => {
    const store = await created(t);
    const file = await saveBytes(store, 'key', Buffer.from('key'));
    await store.create();
    assert.deepEqual(await store.load(file), Buffer.from('key'));
  });

  for (const type of ['config', ...listedTypes] as const) {
    test(title(`a file of type ${type} is read as it was stored, from all of its parts`), async (t) => {
      const store = await created(t);
      const parts = [randomBytes(10), randomBytes(0), randomBytes(70_000), randomBytes(1)];
      const whole = Buffer.concat(parts);
      const file = fileOf(type, whole);
      assert.equal(await store.save(file, parts), 'stored');
      assert.deepEqual(await store.load(file), whole);
      assert.equal(await store.size(file), whole.length);
    });
  }

  test(title('a pack of 24 MiB is read as it was stored'), async (t) => {
    const store = await created(t);
    const bytes = randomBytes(24 * 1024 * 1024);
    const file = await saveBytes(store, 'data', bytes);
    assert.ok((await store.load(file))?.equals(bytes));
  });

  test(title('a name that is taken keeps its file'), async (t) => {
    const store = await created(t);
    for (const type of ['config', 'snapshot'] as const) {
      const file = fileOf(type, Buffer.from('name'));
      assert.equal(await store.save(file, [Buffer.from('first')]), 'stored');
      assert.equal(await store.save(file, [Buffer.from('second')]), 'exists');
      assert.deepEqual(await store.load(file), Buffer.from('first'));
    }
  });

  test(title('of many who store the same name at once, one stores it'), async (t) => {
    const store = await created(t);
    const bytes = randomBytes(100_000);
    const file = fileOf('data', bytes);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => store.save(file, [bytes])));
    assert.deepEqual(
      outcomes.sort(),
      [...Array<string>(7).fill('exists'), 'stored'],
      'one of eight stores the file',
    );
    assert.deepEqual(await store.load(file), bytes);
  });

  test(title('a range is read exactly as long as asked'), async (t) => {
    const store = await created(t);
    const bytes = randomBytes(1000);
    const file = await saveBytes(store, 'data', bytes);
    for (const [offset, length] of [
      [0, 1000],
      [0, 1],
      [999, 1],
      [500, 250],
    ] as const) {
      assert.deepEqual(await store.load(file, { offset, length }), bytes.subarray(offset, offset + length));
    }
  });

  test(title('a range behind the end is damage, and the message names the file'), async (t) => {
    const store = await created(t);
    const file = await saveBytes(store, 'data', randomBytes(1000));
    for (const range of [
      { offset: 900, length: 101 },
      { offset: 2000, length: 1 },
    ]) {
      await assert.rejects(store.load(file, range), (error) => {
        assert.ok(isFailure(error, 'RepositoryDamaged'));
        assert.match(error.message, new RegExp(file.name));
        return true;
      });
    }
  });

  test(title('what is not there has no content and no size, and may be removed'), async (t) => {
    const store = await created(t);
    const file = fileOf('index', Buffer.from('missing'));
    assert.equal(await store.load(file), undefined);
    assert.equal(await store.load(file, { offset: 0, length: 1 }), undefined);
    assert.equal(await store.size(file), undefined);
    await store.remove(file);
  });

  test(title('a type lists its own files with their sizes'), async (t) => {
    const store = await created(t);
    const expected: { name: string; sizeBytes: number }[] = [];
    for (let size = 1; size <= 30; size++) {
      const { name } = await saveBytes(store, 'data', randomBytes(size));
      expected.push({ name, sizeBytes: size });
    }
    await saveBytes(store, 'index', Buffer.from('index'));
    assert.deepEqual(await list(store, 'data'), expected.sort(byName));
    assert.equal((await list(store, 'index')).length, 1);
  });

  test(title('more than a thousand files are listed, each once'), async (t) => {
    const store = await created(t);
    const names = Array.from({ length: 1_050 }, (_, number) => hash('sha256', String(number)));
    for (let start = 0; start < names.length; start += 50) {
      const some = names.slice(start, start + 50);
      await Promise.all(some.map((name) => store.save({ type: 'index', name }, [Buffer.from('x')])));
    }
    const listed = await list(store, 'index');
    assert.deepEqual(
      listed.map(({ name }) => name),
      names.sort(),
    );
  });

  test(title('a load that is aborted in mid-stream rejects with the reason of its signal'), async (t) => {
    const store = await created(t);
    const file = await saveBytes(store, 'data', randomBytes(16 * 1024 * 1024));
    const abort = new AbortController();
    const reason = new Error('enough');
    const loaded = store.load(file, undefined, abort.signal);
    setImmediate(() => abort.abort(reason));
    const outcome = await loaded.catch((error: unknown) => error);
    assert.ok(outcome === reason || Buffer.isBuffer(outcome), String(outcome));
    assert.equal((await store.load(file, { offset: 0, length: 10 }))?.length, 10, 'the store goes on');
  });

  test(title('many files are stored and read at once'), async (t) => {
    const store = await created(t);
    const files = Array.from({ length: 60 }, () => randomBytes(30_000));
    await Promise.all(files.map((bytes) => store.save(fileOf('data', bytes), [bytes])));
    const read = await Promise.all(files.map((bytes) => store.load(fileOf('data', bytes))));
    assert.ok(files.every((bytes, index) => read[index]?.equals(bytes)));
  });

  test(title('a removed file is gone'), async (t) => {
    const store = await created(t);
    const kept = await saveBytes(store, 'snapshot', Buffer.from('kept'));
    const removed = await saveBytes(store, 'snapshot', Buffer.from('removed'));
    await store.remove(removed);
    assert.equal(await store.load(removed), undefined);
    assert.deepEqual(await list(store, 'snapshot'), [{ name: kept.name, sizeBytes: 4 }]);
  });

  test(title('an aborted call rejects with the reason of its signal, and stores nothing'), async (t) => {
    const store = await created(t);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const bytes = randomBytes(1000);
    await assert.rejects(store.save(fileOf('data', bytes), [bytes], signal), reason);
    await assert.rejects(store.load(fileOf('data', bytes), undefined, signal), reason);
    await assert.rejects(store.size(fileOf('data', bytes), signal), reason);
    assert.deepEqual(await list(store, 'data'), []);
  });

  test(title('a save that is aborted under way leaves the file whole or not at all'), async (t) => {
    const store = await created(t);
    const bytes = randomBytes(16 * 1024 * 1024);
    const file = fileOf('data', bytes);
    const abort = new AbortController();
    const reason = new Error('enough');
    const saved = store.save(file, [bytes.subarray(0, 5_000_000), bytes.subarray(5_000_000)], abort.signal);
    setImmediate(() => abort.abort(reason));
    const outcome = await saved.catch((error: unknown) => error);
    if (outcome === 'stored') assert.equal(await store.size(file), bytes.length);
    else assert.deepEqual([outcome, await list(store, 'data')], [reason, []]);
  });

  test(title('sweeping takes nothing that is stored'), async (t) => {
    const store = await created(t);
    const files = [];
    for (const type of ['config', ...listedTypes] as const) {
      files.push(await saveBytes(store, type, randomBytes(10)));
    }
    await store.sweep(0);
    for (const file of files) assert.equal(await store.size(file), 10);
  });
}

const config: StoreFile = { type: 'config', name: '' };

function fileOf(type: FileType, bytes: Uint8Array): StoreFile {
  return type === 'config' ? config : { type, name: hash('sha256', bytes) };
}

async function saveBytes(store: Store, type: FileType, bytes: Buffer): Promise<StoreFile> {
  const file = fileOf(type, bytes);
  assert.equal(await store.save(file, [bytes]), 'stored');
  return file;
}

async function list(store: Store, type: ListedType) {
  const files = await Array.fromAsync(store.list(type));
  return files.map(({ name, sizeBytes }) => ({ name, sizeBytes })).sort(byName);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
