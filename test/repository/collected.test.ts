import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { checkRepository } from '../../repository/check/check.ts';
import { copySnapshots } from '../../repository/copy.ts';
import { withLock } from '../../repository/lock/with-lock.ts';
import { Repository } from '../../repository/repository.ts';
import { restoreTree } from '../../repository/restore/restorer.ts';
import { openLocalStore } from '../../stores/local.ts';
import { backUpFiles } from './back-up.ts';
import { pruneAll } from './prune/prune-all.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { testPassword, testRepository } from './test-repository.ts';

/** It outlives every run. What listens to it, or to a signal made of it, stays as long. */
const { signal: workerSignal } = new AbortController();

interface Scene {
  readonly source: string;
  readonly target: string;
  readonly other: Repository;
}

type Work = (repository: Repository, scene: Scene, signal: AbortSignal) => Promise<unknown>;

/** Each under the lock that it has in a run. */
const operations: Readonly<Record<string, Work>> = {
  'backs up': shared((repository, { source }, signal) =>
    backUpFiles(repository, { paths: [source] }, { signal }),
  ),
  restores: shared(async (repository, { target }, signal) => {
    await repository.loadIndex(signal);
    const { tree } = await repository.findSnapshot('latest');
    await restoreTree({ reader: repository, tree, target, signal });
  }),
  checks: shared((repository, _, signal) => checkRepository(repository, { readDataPercent: 100, signal })),
  prunes: (repository, _, signal) => pruneAll(repository, { signal }),
  copies: shared(async (repository, { other }, signal) => {
    const snapshots = await Array.fromAsync(repository.snapshots(signal));
    await copySnapshots({ from: repository, to: other, snapshots, signal });
  }),
};

function shared(work: Work): Work {
  return (repository, scene, signal) =>
    withLock(repository, { exclusive: false, signal }, (held) => work(repository, scene, held));
}

for (const [does, work] of Object.entries(operations)) {
  test(`a worker that ${does} keeps nothing of the repository afterwards`, async (t) => {
    const base = await temporaryFolder(t);
    const source = join(base, 'source');
    await makeFiles(source);
    const { folder, repository } = await testRepository(t);
    await backUpFiles(repository, { paths: [source] });
    const { repository: other } = await testRepository(t);
    await makeFiles(source);
    const left = await worked(folder, work, { source, target: join(base, 'target'), other });
    assert.ok(await isCollected(left), 'it is still held');
  });
}

/** Folders that are waited for, and enough in them that threads are started. */
async function makeFiles(folder: string): Promise<void> {
  for (let number = 0; number < 8; number += 1) {
    const inner = join(folder, `folder ${number}`, 'inner');
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, 'file'), Buffer.alloc(3_000_000, `${number} ${performance.now()} `));
  }
}

async function worked(folder: string, work: Work, scene: Scene): Promise<WeakRef<Repository>> {
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  await work(repository, scene, workerSignal);
  await repository.close();
  return new WeakRef(repository);
}

async function isCollected(left: WeakRef<object>): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let turn = 0; turn < 20; turn += 1) {
    // What ends with a turn of the loop, as streams and timers do, holds it until then.
    await setImmediate();
    collect();
    if (left.deref() === undefined) return true;
  }
  return false;
}
