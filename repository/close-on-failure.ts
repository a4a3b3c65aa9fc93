import type { Store } from '../stores/store.ts';

/** Does the work, and closes the store if it fails: a connection that stays open would keep the process from ending. */
export async function closeOnFailure<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await store.close().catch(() => {});
    throw error;
  }
}
