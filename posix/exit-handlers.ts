import type { LibraryHandle } from 'koffi';

/**
 * Ends the process where the exit handlers of libraries would begin: Node has done all of its own by then. One of
 * koffi flushes the standard streams to the disk, which takes time, and waits for itself for ever when that of
 * messages lies on a broken disk. Handlers run last in, first out: to be called after koffi was loaded.
 */
export function skipExitHandlers(library: LibraryHandle): void {
  let register: (handler: unknown, argument: null) => number;
  try {
    register = library.func('int on_exit(void *handler, void *argument)');
  } catch {
    // musl has none.
    return;
  }
  // It is called as `_exit(status, argument)`.
  register(library.symbol('_exit'), null);
}
