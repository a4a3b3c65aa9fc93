import { remainder } from '../../../repository/chunker/polynomial.ts';

const minBytes = 512 * 1024;
const maxBytes = 8 * 1024 * 1024;
const windowBytes = 64;
const mask = (1n << 20n) - 1n;

/**
 * Lengths of the chunks by the definition, one byte after the other with numbers of any size: slow, and with
 * nothing in common with the chunker but the polynomial arithmetic.
 */
export function referenceCuts(content: Buffer, polynomial: bigint): number[] {
  const leave = fingerprintsOfLeavingBytes(polynomial);
  const reduce = reductions(polynomial);
  const cuts: number[] = [];
  for (let start = 0; start < content.length; start += cuts.at(-1) ?? 0) {
    cuts.push(firstCut(content.subarray(start, start + maxBytes), leave, reduce));
  }
  return cuts;
}

function firstCut(content: Buffer, leave: readonly bigint[], reduce: readonly bigint[]): number {
  let fingerprint = 0n;
  for (let end = minBytes - windowBytes; end < content.length; end++) {
    // The fingerprint covers the bytes from `minBytes - windowBytes` at first, the last 64 from then on.
    if (end >= minBytes) fingerprint ^= leave[content[end - windowBytes] ?? 0] ?? 0n;
    const shifted = (fingerprint << 8n) | BigInt(content[end] ?? 0);
    fingerprint = (shifted & ((1n << 53n) - 1n)) ^ (reduce[Number(shifted >> 53n)] ?? 0n);
    const length = end + 1;
    if (length >= minBytes && (fingerprint & mask) === 0n) return length;
  }
  return content.length;
}

/** b·x^(8·63), what a byte contributes when it is the first of 64. */
function fingerprintsOfLeavingBytes(polynomial: bigint): bigint[] {
  return Array.from({ length: 256 }, (_, byte) =>
    remainder(BigInt(byte) << BigInt(8 * (windowBytes - 1)), polynomial),
  );
}

function reductions(polynomial: bigint): bigint[] {
  return Array.from({ length: 256 }, (_, byte) => remainder(BigInt(byte) << 53n, polynomial));
}
