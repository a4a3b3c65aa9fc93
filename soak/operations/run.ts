/**
 * One operation of the engine in a process of its own, which dies at a step. Prints the number of steps when it
 * lives.
 *
 * run.ts OPERATION REPOSITORY SOURCE STEP       STEP counts from 0; `none` to live
 *
 * SOURCE is what is backed up, the repository that is copied from, or the pack that is repaired.
 */
import { copySnapshots } from '../../repository/copy.ts';
import { withLock } from '../../repository/lock/with-lock.ts';
import { rebuildIndex } from '../../repository/rebuild-index.ts';
import { removeFiles } from '../../repository/remove-files.ts';
import { repairPacks } from '../../repository/repair/repair-packs.ts';
import { repairedTag, repairingChange } from '../../repository/repair/repair-snapshots.ts';
import { Repository } from '../../repository/repository.ts';
import { replaceSnapshot } from '../../repository/rewrite/replace-snapshot.ts';
import { type ChangedTree, TreeRewriter } from '../../repository/rewrite/rewrite-tree.ts';
import { changeTags } from '../../repository/tag.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { pruneAll } from '../../test/repository/prune/prune-all.ts';
import { cheapScrypt, noSignal as signal, testPassword } from '../../test/repository/test-repository.ts';
import { KillingStore } from './killing-store.ts';
import { type OperationName, type RepairName, secondPassword } from './names.ts';

const [operation = '', folder = '', source = '', step = 'none'] = process.argv.slice(2);
const store = new KillingStore(openLocalStore(folder), { step: step === 'none' ? undefined : Number(step) });
const packSizeBytes = 64 * 1024;

const hourMs = 3_600_000;

const operations: Readonly<Record<OperationName | RepairName, () => Promise<void>>> = {
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
  'prune-mark': async () => {
    await pruneAll(await opened(), { deleteDelayMs: hourMs });
  },
  'prune-expired': pruneLater,
  'prune-rescue': pruneLater,
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
  'repair-packs': async () => {
    const repository = await opened();
    await repository.loadIndex(signal);
    await withLock(repository, { exclusive: true, signal }, async () => {
      await repairPacks(repository, new Set([source]), { signal, packSizeBytes, onLost: () => {} });
    });
  },
  'repair-index': async () => {
    await rebuildIndex(await opened(), { signal, readAllPacks: true });
  },
  'repair-snapshots': async () => {
    const repository = await opened();
    await withLock(repository, { exclusive: true, signal }, () => repairSnapshots(repository));
  },
};

/** A prune that comes when the delay of the marks is over. */
async function pruneLater(): Promise<void> {
  await pruneAll(await opened(), { deleteDelayMs: hourMs, nowMs: Date.now() + 2 * hourMs });
}

async function repairSnapshots(repository: Repository): Promise<void> {
  await repository.loadIndex(signal);
  const snapshots = await Array.fromAsync(repository.snapshots());
  const writer = await repository.openWriter({ signal });
  const change = repairingChange(repository, () => {});
  const rewriter = new TreeRewriter({ reader: repository, writer, change, signal });
  const trees: (ChangedTree | undefined)[] = [];
  for (const snapshot of snapshots) trees.push(await rewriter.rewrite(snapshot.tree));
  await writer.finish(signal);
  for (const [index, snapshot] of snapshots.entries()) {
    const changed = { tree: trees[index], tag: repairedTag };
    await replaceSnapshot(repository, snapshot, changed, { forget: true, dryRun: false, signal });
  }
}

async function opened(): Promise<Repository> {
  return await Repository.open(store, testPassword, { packSizeBytes });
}

function isOperation(name: string): name is OperationName | RepairName {
  return Object.hasOwn(operations, name);
}

if (!isOperation(operation)) throw new Error(`There is no operation ${operation}.`);
await operations[operation]();
process.stdout.write(String(store.steps));
