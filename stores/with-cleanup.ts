import type { Store } from './store.ts';

/** A store that calls a function when it is closed, once. */
export function withCleanup(store: Store, clean: () => void): Store {
  return {
    location: store.location,
    create: (signal) => store.create(signal),
    save: (file, parts, signal) => store.save(file, parts, signal),
    load: (file, range, signal) => store.load(file, range, signal),
    size: (file, signal) => store.size(file, signal),
    list: (type, signal) => store.list(type, signal),
    remove: (file, signal) => store.remove(file, signal),
    thaw: (file, wish, signal) => store.thaw(file, wish, signal),
    hidden: (signal) => store.hidden(signal),
    sweep: (olderThanMs, signal) => store.sweep(olderThanMs, signal),
    close: async () => {
      clean();
      await store.close();
    },
  };
}
