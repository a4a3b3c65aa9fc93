// AssemblyScript, not TypeScript: `npm run build:wasm` compiles it to ../rabin.wasm.
//
// Rabin fingerprints of a sliding window of 64 bytes, modulo a polynomial of degree 53. A fingerprint depends
// on the last 64 bytes alone, so a block is scanned in four parts at once: the processor works on four
// independent chains of table look-ups instead of waiting for one.

const windowBytes: usize = 64;
const degree: u64 = 53;
const shift: u64 = degree - 8;

/** Table that reduces after a shift by one byte; indexed by the byte that leaves the 53 bits at the top. */
const modTable: usize = 1024;
/** Table that takes out the byte that leaves the window, already shifted and reduced. */
const outTable: usize = modTable + 256 * 8;
/** Where the caller puts the window before the block, and the block. */
export const input: usize = outTable + 256 * 8;
/** Bytes that fit there. */
export const inputBytes: usize = 256 * 1024 + windowBytes;

export function setPolynomial(polynomial: u64): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    const top = byte << degree;
    store<u64>(modTable + (<usize>byte << 3), reduce(top, degree + 8, polynomial) | top);
  }
  for (let byte: u64 = 0; byte < 256; byte++) {
    // The byte followed by 63 zero bytes is what it adds to a full window; one more zero byte because the
    // table is used after the shift.
    let fingerprint = byte;
    for (let i: usize = 0; i < windowBytes; i++) fingerprint = reduce(fingerprint << 8, degree + 8, polynomial);
    store<u64>(outTable + (<usize>byte << 3), fingerprint);
  }
}

/**
 * Looks in the block of `length` bytes after the window for the first byte at which the fingerprint has no bit
 * of `mask`. Returns the number of bytes of the block up to and with it, or 0.
 */
export function findCut(length: usize, mask: u64): usize {
  const quarter = length >> 2;
  if (quarter < windowBytes) return scan(input + windowBytes, length, mask);

  const start0 = input + windowBytes;
  const start1 = start0 + quarter;
  const start2 = start1 + quarter;
  const start3 = start2 + quarter;
  let digest0 = fingerprintBefore(start0);
  let digest1 = fingerprintBefore(start1);
  let digest2 = fingerprintBefore(start2);
  let digest3 = fingerprintBefore(start3);
  // First match of each part, in bytes from the part's start; 0 is none.
  let cut1: usize = 0;
  let cut2: usize = 0;
  let cut3: usize = 0;
  for (let i: usize = 0; i < quarter; i++) {
    digest0 = slide(digest0, start0 + i);
    digest1 = slide(digest1, start1 + i);
    digest2 = slide(digest2, start2 + i);
    digest3 = slide(digest3, start3 + i);
    if (!(digest0 & mask)) return i + 1;
    if (!(digest1 & mask) && !cut1) cut1 = i + 1;
    if (!(digest2 & mask) && !cut2) cut2 = i + 1;
    if (!(digest3 & mask) && !cut3) cut3 = i + 1;
  }
  if (cut1) return quarter + cut1;
  if (cut2) return quarter * 2 + cut2;
  if (cut3) return quarter * 3 + cut3;
  const scanned = quarter << 2;
  const cut = scan(start0 + scanned, length - scanned, mask);
  return cut ? scanned + cut : 0;
}

function scan(start: usize, length: usize, mask: u64): usize {
  let digest = fingerprintBefore(start);
  for (let i: usize = 0; i < length; i++) {
    digest = slide(digest, start + i);
    if (!(digest & mask)) return i + 1;
  }
  return 0;
}

/** Fingerprint of the 64 bytes before an address. */
function fingerprintBefore(address: usize): u64 {
  let digest: u64 = 0;
  for (let at = address - windowBytes; at < address; at++) digest = append(digest, load<u8>(at));
  return digest;
}

/** Moves the window so that it ends with the byte at the address. */
// @ts-ignore: decorator of AssemblyScript
@inline
function slide(digest: u64, address: usize): u64 {
  const leaving = <usize>load<u8>(address - windowBytes);
  return append(digest, load<u8>(address)) ^ load<u64>(outTable + (leaving << 3));
}

// @ts-ignore: decorator of AssemblyScript
@inline
function append(digest: u64, byte: u8): u64 {
  return ((digest << 8) | <u64>byte) ^ load<u64>(modTable + ((<usize>(digest >> shift)) << 3));
}

function reduce(value: u64, topBit: u64, polynomial: u64): u64 {
  for (let bit = topBit; bit >= degree; bit--) {
    if ((value >> bit) & 1) value ^= polynomial << (bit - degree);
  }
  return value;
}
