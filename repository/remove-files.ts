import type { FileType, Store } from '../stores/store.ts';
import type { Failpoint } from './sealed-files.ts';

/** Removals under way at a time: a store in the network takes its time for each. */
const removalsAtOnce = 8;

export interface Removal {
  readonly type: FileType;
  readonly names: readonly string[];
  readonly signal: AbortSignal;
  readonly failpoint?: Failpoint | undefined;
  /** Called with the number of files that are gone. */
  readonly onRemoved?: (count: number) => void;
}

/** Removes files of one type, several at a time. After the first failure no further removal is begun. */
export async function removeFiles(store: Store, removal: Removal): Promise<void> {
  const { type, names, signal, failpoint, onRemoved } = removal;
  const waiting = names.values();
  const what = type === 'data' ? 'pack' : type;
  let removed = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    for (const name of waiting) {
      if (failed) return;
      signal.throwIfAborted();
      await failpoint?.(`before ${what} remove`);
      await store.remove({ type, name }, signal);
      await failpoint?.(`after ${what} remove`);
      removed += 1;
      onRemoved?.(removed);
    }
  };
  const workers = Array.from({ length: Math.min(removalsAtOnce, names.length) }, () =>
    work().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
