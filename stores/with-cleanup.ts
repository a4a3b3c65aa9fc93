import { changedStore, type Store } from './store.ts';

/** A store that calls a function when it is closed, once. */
export function withCleanup(store: Store, clean: () => void): Store {
  return changedStore(store, {
    close: async () => {
      clean();
      await store.close();
    },
  });
}
