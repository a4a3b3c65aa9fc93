import koffi from 'koffi';
import { skipExitHandlers } from './exit-handlers.ts';

/** Descriptors of a pipe, closed in programs that are started. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** O_CLOEXEC and F_SETPIPE_SZ of Linux's <fcntl.h>. */
const closeOnExec = 0o2000000;
const setPipeSize = 1031;

let calls:
  | { readonly pipe2: (ends: Int32Array, flags: number) => number; readonly resize: Resize }
  | undefined;
type Resize = (descriptor: number, command: number, type: string, bytes: number) => number;

/**
 * Makes a pipe that holds so many bytes, or fewer where the system allows no more (/proc/sys/fs/pipe-max-size).
 * @throws {Error} when there are no descriptors left
 */
export function openPipe(bytes: number): Pipe {
  calls ??= loadCalls();
  const ends = new Int32Array(2);
  if (calls.pipe2(ends, closeOnExec) < 0) throw new Error(`pipe2 failed with errno ${koffi.errno()}`);
  const [readEnd = -1, writeEnd = -1] = ends;
  calls.resize(writeEnd, setPipeSize, 'int', bytes);
  return { readEnd, writeEnd };
}

function loadCalls(): NonNullable<typeof calls> {
  const library = koffi.load(null);
  skipExitHandlers(library);
  return {
    pipe2: library.func('int pipe2(int *ends, int flags)'),
    resize: library.func('int fcntl(int descriptor, int command, ...)'),
  };
}
