/** Signals belong to the process, so this count does too. */
let holders = 0;

/**
 * Lets the process survive SIGHUP until the returned function is called. restic sends that signal to ask
 * whether the owner of a lock lives, which would end a Node process; restic itself ignores it.
 */
export function ignoreHangUps(): () => void {
  if (holders++ === 0) process.on('SIGHUP', ignoreSignal);
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (--holders === 0) process.off('SIGHUP', ignoreSignal);
  };
}

function ignoreSignal(): void {}
