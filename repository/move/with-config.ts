import type { Store } from '../../stores/store.ts';

/** A store that shows a config which it does not have, so that it can be opened as a repository before it is one. */
export function withConfig(store: Store, config: Buffer): Store {
  return {
    location: store.location,
    create: (signal) => store.create(signal),
    save: (file, parts, signal) => store.save(file, parts, signal),
    load: async (file, range, signal) =>
      file.type === 'config' ? config : await store.load(file, range, signal),
    size: async (file, signal) => (file.type === 'config' ? config.length : await store.size(file, signal)),
    list: (type, signal) => store.list(type, signal),
    remove: (file, signal) => store.remove(file, signal),
    thaw: (file, wish, signal) => store.thaw(file, wish, signal),
    hidden: (signal) => store.hidden(signal),
    sweep: (olderThanMs, signal) => store.sweep(olderThanMs, signal),
    // It is closed by whoever opened it.
    close: async () => {},
  };
}
