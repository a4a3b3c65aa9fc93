/** The program of a thread that lists files for a capture (see remote-walk.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { isFailure } from '../../contracts/failures.ts';
import { loadPosixCalls } from '../../posix/calls.ts';
import type { DirectoryEntry, Entry } from '../../repository/archive/entry.ts';
import { folderRules } from './folder-rules.ts';
import { loadOwnerNames } from './owners.ts';
import { pathFilter } from './path-filter.ts';
import {
  limitIndex,
  type WalkOrder,
  type WalkReport,
  type WalkSetup,
  waitingIndex,
} from './walk-messages.ts';
import { RecordWriter } from './walk-records.ts';
import { Walker } from './walker.ts';

const port = parentPort;
if (!port) throw new Error('walk-thread.ts runs in a thread only');
// Both ends are ours, of one version: the types of what crosses hold.
const setup: WalkSetup = workerData;
const waiting = new Int32Array(setup.waiting);
const report = (content: WalkReport, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(content, transfer);

const records = new RecordWriter((batch) => {
  report({ kind: 'batch', batch }, [batch.buffer]);
  const count = Atomics.add(waiting, waitingIndex, 1) + 1;
  if (count < Atomics.load(waiting, limitIndex)) return;
  // What is listed long before it is read may have changed by then, and takes memory.
  for (let ahead = count; mustWait(ahead); ahead = Atomics.load(waiting, waitingIndex))
    Atomics.wait(waiting, waitingIndex, ahead);
});

/** Half of what may wait is read first: to be woken for each batch would take as long as to list it. */
function mustWait(ahead: number): boolean {
  return 2 * ahead > Atomics.load(waiting, limitIndex);
}

const walker = new Walker({
  ...setup,
  owners: loadOwnerNames(),
  calls: loadPosixCalls(),
  isExcluded: pathFilter(setup),
  rules: folderRules(setup),
  ignoreFiles: [],
  warn: (warning) => records.warning(warning),
});

function write(entries: Iterable<Entry>): void {
  for (const entry of entries) {
    if (entry.kind === 'stream') continue;
    records.item(entry);
    if (entry.kind === 'directory') write(childrenOf(entry));
  }
  records.endOfFolder();
}

/** A walker that delegates to none lists at once. */
function childrenOf(entry: DirectoryEntry): Iterable<Entry> {
  const children = entry.children();
  if (Symbol.iterator in children) return children;
  throw new Error('a thread cannot wait for a folder');
}

port.on('message', (order: WalkOrder) => {
  try {
    write(walker.list({ ...order, targets: new Map(), ignore: [] }));
    records.flush();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (isFailure(error)) report({ kind: 'failed', type: error.type, message, advice: error.advice });
    else
      report({
        kind: 'failed',
        type: 'Internal',
        message: `A thread that lists files has failed: ${message}`,
      });
  }
});
report({ kind: 'ready' });
