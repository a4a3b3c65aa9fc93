/**
 * One operation of the engine in a process of its own, which dies at a step. Prints the number of steps when it
 * lives.
 *
 * run.ts OPERATION REPOSITORY SOURCE STEP       STEP counts from 0; `none` to live
 */
import { copySnapshots } from '../../repository/copy.ts';
import { withLock } from '../../repository/lock/with-lock.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import { removeFiles } from '../../repository/remove-files.ts';
import { Repository } from '../../repository/repository.ts';
import { changeTags } from '../../repository/tag.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { pruneAll } from '../../test/repository/prune/prune-all.ts';
import { cheapScrypt, noSignal as signal, testPassword } from '../../test/repository/test-repository.ts';
import { KillingStore } from './killing-store.ts';
import { type OperationName, secondPassword } from './names.ts';

const [operation = '', folder = '', source = '', step = 'none'] = process.argv.slice(2);
const store = new KillingStore(openLocalStore(folder), { step: step === 'none' ? undefined : Number(step) });
const packSizeBytes = 64 * 1024;

const operations: Readonly<Record<OperationName, () => Promise<void>>> = {
  init: async () => {
    await Repository.init(store, testPassword, { scryptCost: cheapScrypt });
  },
  backup: async () => {
    const repository = await opened();
    await withLock(repository, { exclusive: false, signal }, async () => {
      await backUpFiles(repository, { paths: [source] });
    });
  },
  forget: async () => {
    const repository = await opened();
    await withLock(repository, { exclusive: true, signal }, async () => {
      const [snapshot] = await Array.fromAsync(repository.snapshots());
      await removeFiles(store, { type: 'snapshot', names: [snapshot?.id ?? ''], signal });
    });
  },
  prune: async () => {
    await pruneAll(await opened());
  },
  tag: async () => {
    const repository = await opened();
    await withLock(repository, { exclusive: true, signal }, async () => {
      for (const snapshot of await Array.fromAsync(repository.snapshots()))
        await changeTags(repository, snapshot, { change: { add: ['hold'] }, signal });
    });
  },
  'rebuild-index': async () => {
    await rebuildIndex(await opened(), { signal });
  },
  passwd: async () => {
    const repository = await opened();
    await repository.addKey(new Secret(secondPassword), { cost: cheapScrypt });
    const byOther = await Repository.open(store, new Secret(secondPassword));
    await byOther.removeKey(repository.keyId);
  },
  copy: async () => {
    const from = await Repository.open(openLocalStore(source), testPassword);
    const to = await opened();
    await withLock(to, { exclusive: false, signal }, async () => {
      const snapshots = await Array.fromAsync(from.snapshots());
      await copySnapshots({ from, to, snapshots, signal, packSizeBytes });
    });
  },
};

async function opened(): Promise<Repository> {
  return await Repository.open(store, testPassword, { packSizeBytes });
}

function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

if (!isOperation(operation)) throw new Error(`There is no operation ${operation}.`);
await operations[operation]();
process.stdout.write(String(store.steps));
