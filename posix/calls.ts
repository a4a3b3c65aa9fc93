import koffi from 'koffi';
import { skipExitHandlers } from './exit-handlers.ts';

/** Calls of POSIX systems that Node does not offer. Paths are bytes, since file names need not be UTF-8. */
export interface PosixCalls {
  /** Sets the times of a file, folder or link itself, exact to the nanosecond; links are not followed. */
  setTimes(path: Buffer, times: FileTimes): void;
  /** Makes a device or fifo. `mode` is st_mode with its type bits, `device` is st_rdev. */
  makeNode(path: Buffer, mode: number, device: bigint): void;
  /** Names of the extended attributes of a file or link itself; empty where the file system has none. */
  listAttributes(path: Buffer): readonly string[];
  /** Value of an extended attribute, or undefined when it is gone. */
  getAttribute(path: Buffer, name: string): Buffer | undefined;
  setAttribute(path: Buffer, name: string, value: Buffer): void;
}

/** Nanoseconds since 1970, UTC; may be negative. */
export interface FileTimes {
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
}

/** A failed call, in the shape of Node's own errors of the file system. */
class PosixError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = codes.get(errno) ?? `ERRNO_${errno}`;
    super(`${code}: ${syscall} failed`);
    this.name = 'PosixError';
    this.code = code;
    this.syscall = syscall;
  }
}

/** AT_FDCWD and AT_SYMLINK_NOFOLLOW of Linux's <fcntl.h>. */
const currentFolder = -100;
const noFollow = 0x100;

/** The C library that Node itself is linked to. */
const library = koffi.load(null);
skipExitHandlers(library);

const codes = new Map(Object.entries(koffi.os.errno).map(([code, errno]) => [errno, code]));

/** Attributes are small; the kernel's own limit is 64 KiB for a value and for a list of names. */
const attributeLimitBytes = 65_536;

/** PATH_MAX of Linux, with the zero at the end. */
const pathLimitBytes = 4096;

/** Binds the calls of the C library. */
export function loadPosixCalls(): PosixCalls {
  const utimensat = library.func('int utimensat(int folder, const void *path, const void *times, int flags)');
  const mknod = library.func('int mknod(const void *path, uint32_t mode, uint64_t device)');
  const llistxattr = library.func('int64_t llistxattr(const void *path, void *list, size_t size)');
  const lgetxattr = library.func(
    'int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)',
  );
  const lsetxattr = library.func(
    'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  );
  const buffer = Buffer.allocUnsafe(attributeLimitBytes);
  const passedPath = Buffer.allocUnsafe(pathLimitBytes);
  /** A path for one call: a walk makes one for each file, and a buffer for each would take half as long again. */
  const passed = (path: Buffer): Buffer => {
    if (path.length >= pathLimitBytes) return terminated(path);
    passedPath[path.copy(passedPath)] = 0;
    return passedPath;
  };

  return {
    setTimes(path, { atimeNs, mtimeNs }) {
      const times = Buffer.concat([timespec(atimeNs), timespec(mtimeNs)]);
      checked('utimensat', utimensat(currentFolder, terminated(path), times, noFollow));
    },
    makeNode(path, mode, device) {
      checked('mknod', mknod(terminated(path), mode, device));
    },
    listAttributes(path) {
      // Most files have none, and asking for the length alone takes half the time.
      if (Number(llistxattr(passed(path), null, 0)) === 0) return [];
      const length = Number(llistxattr(passed(path), buffer, buffer.length));
      if (length < 0 && isUnsupported(koffi.errno())) return [];
      checked('llistxattr', length);
      return buffer
        .toString('utf8', 0, length)
        .split('\0')
        .filter((name) => name !== '');
    },
    getAttribute(path, name) {
      const length = Number(
        lgetxattr(terminated(path), terminated(Buffer.from(name)), buffer, buffer.length),
      );
      if (length < 0 && codes.get(koffi.errno()) === 'ENODATA') return undefined;
      checked('lgetxattr', length);
      return Buffer.from(buffer.subarray(0, length));
    },
    setAttribute(path, name, value) {
      checked(
        'lsetxattr',
        lsetxattr(terminated(path), terminated(Buffer.from(name)), value, value.length, 0),
      );
    },
  };
}

function checked(syscall: string, result: number): void {
  if (result < 0) throw new PosixError(syscall, koffi.errno());
}

function isUnsupported(errno: number): boolean {
  const code = codes.get(errno);
  return code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
}

function terminated(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(1)]);
}

/** struct timespec of 64-bit systems: seconds, then 0 to 999,999,999 nanoseconds. */
function timespec(timeNs: bigint): Buffer {
  const nanoseconds = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64LE((timeNs - nanoseconds) / 1_000_000_000n, 0);
  bytes.writeBigInt64LE(nanoseconds, 8);
  return bytes;
}
