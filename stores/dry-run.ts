import { changedStore, type Store } from './store.ts';

/** A store that says it has done what it is told, and changes nothing in the one below. */
export function dryRunStore(store: Store): Store {
  return changedStore(store, {
    create: async () => {},
    save: async () => 'stored',
    remove: async () => {},
    thaw: async () => 'readable',
    sweep: async () => {},
  });
}
