import { FileLocked, type FileType, type Store, type StoreFile } from '../stores/store.ts';
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
  /** Gets the files that the service does not let go yet. Left out, the first of them fails the removal. */
  readonly locked?: LockedFiles | undefined;
}

/** Sum of files that are not needed, and that the service keeps under a retention lock or a hold. */
export interface LockedSum {
  readonly files: number;
  readonly bytes: number;
  /** When the last of them can go whose time is known. */
  readonly until: Date | undefined;
  /** Files of which nobody has said until when. */
  readonly withoutEnd: number;
}

/** Gathers files that are locked. */
export class LockedFiles {
  readonly #found = new Map<string, { readonly bytes: number; readonly until: Date | undefined }>();

  async add(store: Store, file: StoreFile, { until }: Pick<FileLocked, 'until'>): Promise<void> {
    this.#found.set(file.name, { bytes: (await store.size(file)) ?? 0, until });
  }

  has(name: string): boolean {
    return this.#found.has(name);
  }

  /** The sum as results have it: absent when nothing is locked. */
  get told(): { readonly locked?: LockedSum } {
    return this.#found.size === 0 ? {} : { locked: this.sum };
  }

  get sum(): LockedSum {
    const all = [...this.#found.values()];
    const ends = all.flatMap(({ until }) => until?.getTime() ?? []);
    return {
      files: all.length,
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      until: ends.length === 0 ? undefined : new Date(Math.max(...ends)),
      withoutEnd: all.length - ends.length,
    };
  }
}

/** Removes files of one type, several at a time. After the first failure no further removal is begun. */
export async function removeFiles(store: Store, removal: Removal): Promise<void> {
  const { type, names, signal, failpoint, onRemoved, locked } = removal;
  const waiting = names.values();
  const what = type === 'data' ? 'pack' : type;
  let removed = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    for (const name of waiting) {
      if (failed) return;
      signal.throwIfAborted();
      await failpoint?.(`before ${what} remove`);
      const isGone = await removeUnlessLocked(store, { type, name }, { locked, signal });
      await failpoint?.(`after ${what} remove`);
      if (!isGone) continue;
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

async function removeUnlessLocked(
  store: Store,
  file: StoreFile,
  { locked, signal }: Pick<Removal, 'locked' | 'signal'>,
): Promise<boolean> {
  try {
    await store.remove(file, signal);
    return true;
  } catch (error) {
    if (locked === undefined || !(error instanceof FileLocked)) throw error;
    await locked.add(store, file, error);
    return false;
  }
}
