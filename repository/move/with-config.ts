import { changedStore, type Store } from '../../stores/store.ts';

/** A store that shows a config which it does not have, so that it can be opened as a repository before it is one. */
export function withConfig(store: Store, config: Buffer): Store {
  return changedStore(store, {
    load: async (file, range, signal) =>
      file.type === 'config' ? config : await store.load(file, range, signal),
    size: async (file, signal) => (file.type === 'config' ? config.length : await store.size(file, signal)),
    // It is closed by whoever opened it.
    close: async () => {},
  });
}
