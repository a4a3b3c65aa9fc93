import { existsSync } from 'node:fs';

/** Where Debian, Red Hat and older ones of both keep what `stdbuf` of GNU coreutils preloads. */
const places = [
  '/usr/libexec/coreutils/libstdbuf.so',
  '/usr/lib/coreutils/libstdbuf.so',
  '/usr/lib64/coreutils/libstdbuf.so',
];

const bufferBytes = 262_144;

/**
 * Environment in which a program writes its output in large pieces. The C library writes 4 KiB at a time to what
 * is no terminal and no file, and each piece costs both sides a system call and us a turn, which takes longer than
 * the dump itself. Empty where the library of `stdbuf` is not there.
 */
export function largeOutputBuffer(): Readonly<Record<string, string>> {
  const library = places.find((place) => existsSync(place));
  return library === undefined ? {} : { LD_PRELOAD: library, _STDBUF_O: String(bufferBytes) };
}
