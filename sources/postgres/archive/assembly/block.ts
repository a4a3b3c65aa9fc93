// AssemblyScript, not TypeScript: `npm run build:wasm` compiles it to ../block.wasm.
//
// Takes the content out of a data block of pg_dump's custom format, which is a sequence of chunks: a length (a
// sign byte and four bytes, little-endian) and so many bytes, up to a length of 0. On the way it counts the rows
// of a table, which COPY writes as lines, and adds up a hash of each, so that their order does not matter.

/** Bytes that fit into the input and into the output. */
export const capacity: usize = 131072;
/** Where the caller puts a piece of the block. */
export const input: usize = 1024;
/** Where its content is put. Copies go a word at a time: some bytes more are written. */
export const output: usize = input + capacity;

const headBytes: u32 = 5;
const newline: u8 = 10;
/** The line `\.`, with which the content of a table ends. */
const endOfRows: u64 = 0x2e5c;

// Primes and steps of XXH64, here for words of a row of any length.
const prime1: u64 = 0x9e3779b185ebca87;
const prime2: u64 = 0xc2b2ae3d27d4eb4f;
const prime3: u64 = 0x165667b19e3779f9;
const prime4: u64 = 0x85ebca77c2b2ae63;
const ones: u64 = 0x0101010101010101;
const highs: u64 = 0x8080808080808080;

/** Bytes of the last piece that became content. */
export let produced: usize = 0;
/** Whether the block has ended. */
export let isEnded: bool = false;
/** A length that cannot be. */
export let isBroken: bool = false;
export let rows: u64 = 0;
/** Sum of the hashes of the rows, modulo 2^64. */
export let sum: u64 = 0;

let isTable = false;
let areRowsEnded = false;
/** Bytes of the chunk under way that are still to come. */
let left: u32 = 0;
/** Bytes of the head of a chunk that have come. */
let headCount: u32 = 0;
let headSign: u8 = 0;
let headValue: u32 = 0;
/** The row under way. */
let hash: u64 = prime4;
let length: u64 = 0;
/** Its bytes that are no whole word yet. */
let rest: u64 = 0;
let restCount: u64 = 0;

/** Begins a block: of a table, or of bytes that are none. */
export function begin(table: bool): void {
  isTable = table;
  areRowsEnded = false;
  isEnded = false;
  isBroken = false;
  left = 0;
  headCount = 0;
  rows = 0;
  sum = 0;
  startRow();
}

/** Takes a piece of the block; returns how many bytes of it belong to the block. */
export function decode(size: usize): usize {
  let from = input;
  const end = input + size;
  let to = output;
  while (from < end && !isEnded && !isBroken) {
    if (left == 0) {
      takeHeadByte(load<u8>(from++));
      continue;
    }
    const count = min<usize>(left, end - from);
    copy(to, from, count);
    to += count;
    from += count;
    left -= <u32>count;
  }
  produced = to - output;
  if (isTable) countRows(output, to);
  return from - input;
}

function takeHeadByte(byte: u8): void {
  if (headCount == 0) {
    headSign = byte;
    headValue = 0;
  } else {
    headValue |= <u32>byte << ((headCount - 1) << 3);
  }
  headCount++;
  if (headCount < headBytes) return;
  headCount = 0;
  left = headValue;
  if (left == 0) isEnded = true;
  else if (headSign != 0 || headValue > 0x7fffffff) isBroken = true;
}

/** Rows are short: a loop of words is faster than a call. */
function copy(to: usize, from: usize, count: usize): void {
  if (count > 256) {
    memory.copy(to, from, count);
    return;
  }
  for (let i: usize = 0; i < count; i += 8) store<u64>(to + i, load<u64>(from + i));
}

function countRows(from: usize, end: usize): void {
  let at = from;
  while (at < end && !areRowsEnded) {
    if (restCount == 0 && at + 8 <= end) {
      const word = load<u64>(at);
      if (!hasNewline(word)) {
        mix(word);
        length += 8;
        at += 8;
        continue;
      }
    }
    const byte = load<u8>(at++);
    if (byte == newline) {
      endRow();
      continue;
    }
    rest |= <u64>byte << (restCount << 3);
    restCount++;
    length++;
    if (restCount == 8) {
      mix(rest);
      rest = 0;
      restCount = 0;
    }
  }
}

function endRow(): void {
  if (length == 2 && rest == endOfRows) {
    areRowsEnded = true;
    return;
  }
  if (restCount > 0) mix(rest);
  let result = hash ^ length;
  result = (result ^ (result >> 33)) * prime2;
  result = (result ^ (result >> 29)) * prime3;
  sum += result ^ (result >> 32);
  rows++;
  startRow();
}

function startRow(): void {
  hash = prime4;
  length = 0;
  rest = 0;
  restCount = 0;
}

// @ts-expect-error: decorator of AssemblyScript
@inline
function mix(word: u64): void {
  hash = rotl<u64>(hash ^ (rotl<u64>(word * prime2, 31) * prime1), 27) * prime1 + prime4;
}

// @ts-expect-error: decorator of AssemblyScript
@inline
function hasNewline(word: u64): bool {
  const difference = word ^ (ones * newline);
  return ((difference - ones) & ~difference & highs) != 0;
}
