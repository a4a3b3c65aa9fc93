// AssemblyScript, not TypeScript: `npm run build:wasm` compiles it to ../rows.wasm.
//
// Reads what follows VALUES in the INSERT statements of mysqldump and mariadb-dump, up to the semicolon: rows in
// brackets, strings in single quotes with backslashes. On the way it takes the SipHash-2-4 of each row, without its
// brackets, under a key of zeros; counts and adds them up; and puts the rows into statements anew, each row telling by
// its hash whether a statement ends behind it.

/** Bytes that fit into the input. */
export const capacity: usize = 131072;
/** Where the caller puts a piece of the dump. Words are read beyond its end, and their surplus passed over. */
export const input: usize = 1024;
/** Where the rows are put: at most two bytes for each byte of input, and some more, as copies go by words. */
export const output: usize = input + capacity + 64;

/** How long statements become on the average, where rows decide where they end. */
const averageBytes: u64 = 16384;
/** Where one ends in any case. */
const longestBytes: u64 = 131072;

const quote: u8 = 0x27;
const opening: u8 = 0x28;
const closing: u8 = 0x29;
const comma: u8 = 0x2c;
const semicolon: u8 = 0x3b;
const backslash: u8 = 0x5c;
const space: u8 = 0x20;
const newline: u8 = 0x0a;
/** A comma and a line end, little-endian. */
const betweenRows: u16 = 0x0a2c;

const ones: u64 = 0x0101010101010101;
const highs: u64 = 0x8080808080808080;

// What comes next.
const betweenTheRows: i32 = 0;
const code: i32 = 1;
const string: i32 = 2;
/** The byte behind a backslash, whatever it is. */
const escaped: i32 = 3;

/** Bytes of the last piece that became rows. */
export let produced: usize = 0;
/** Set behind the semicolon. */
export let isEnded: bool = false;
/** Set before a row that needs a statement to be in: the caller writes its head and calls `openStatement`. */
export let needsHead: bool = false;
/** Something that is no row stands between the rows. */
export let isBroken: bool = false;
/** Whether the statement that is written has no end yet. */
export let isOpen: bool = false;
/** Of the rows since `begin`. */
export let rows: u64 = 0;
/** Sum of their hashes, modulo 2^64. */
export let sum: u64 = 0;

let mode: i32 = betweenTheRows;
/** Brackets open within the row. */
let depth: u32 = 0;
/** Bytes of the rows of the statement that is written. */
let statementBytes: u64 = 0;
/** Bytes of the row under way, without its brackets. */
let length: u64 = 0;
/** Those that are no whole word yet, and how many bits they are. */
let rest: u64 = 0;
let restBits: u64 = 0;
let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;

/** Begins the rows of a statement of the dump. */
export function begin(): void {
  mode = betweenTheRows;
  isEnded = false;
  isBroken = false;
  rows = 0;
  sum = 0;
}

/** The head of a statement has been written: the next row is its first. */
export function openStatement(): void {
  isOpen = true;
  statementBytes = 0;
}

/** The caller has ended the statement that is written. */
export function closeStatement(): void {
  isOpen = false;
}

/** Takes so many bytes of the input; returns where it stopped: at the end, behind the semicolon or before a row. */
export function scan(size: usize): usize {
  let at = input;
  const end = input + size;
  let out = output;
  needsHead = false;
  while (at < end) {
    if (mode != betweenTheRows) {
      const count = scanWord(at, end, out);
      at += count;
      out += count;
      if (mode == betweenTheRows) out = endRow(out);
      continue;
    }
    const byte = load<u8>(at);
    if (byte == opening) {
      needsHead = !isOpen;
      if (needsHead) break;
      out = startRow(out);
    } else if (byte != comma && byte != newline && byte != space) {
      isEnded = byte == semicolon;
      isBroken = !isEnded;
      if (isEnded) at++;
      break;
    }
    at++;
  }
  produced = out - output;
  return at - input;
}

function startRow(to: usize): usize {
  let out = to;
  if (statementBytes > 0) {
    store<u16>(out, betweenRows);
    out += 2;
  }
  store<u8>(out, opening);
  mode = code;
  depth = 0;
  length = 0;
  rest = 0;
  restBits = 0;
  // Of the algorithm, for a key of zeros.
  v0 = 0x736f6d6570736575;
  v1 = 0x646f72616e646f6d;
  v2 = 0x6c7967656e657261;
  v3 = 0x7465646279746573;
  return out + 1;
}

/** Copies and hashes up to eight bytes of a row, up to and with the first that has a meaning; returns how many. */
// @ts-expect-error: decorator of AssemblyScript
@inline
function scanWord(at: usize, end: usize, out: usize): usize {
  const word = load<u64>(at);
  store<u64>(out, word);
  let count: u64 = min<u64>(8, end - at);
  if (mode == escaped) {
    absorb(word & 0xff, 8);
    mode = string;
    return 1;
  }
  const found =
    mode == string
      ? zeros(word ^ (ones * quote)) | zeros(word ^ (ones * backslash))
      : zeros(word ^ (ones * quote)) | zeros(word ^ (ones * opening)) | zeros(word ^ (ones * closing));
  const plain = found == 0 ? 8 : ctz<u64>(found) >> 3;
  if (plain >= count) {
    absorb(count == 8 ? word : word & lowBits(count), count << 3);
    return <usize>count;
  }
  const byte = <u8>(word >> (plain << 3));
  count = plain + 1;
  if (byte == closing && depth == 0) {
    if (plain > 0) absorb(word & lowBits(plain), plain << 3);
    mode = betweenTheRows;
    return <usize>count;
  }
  absorb(count == 8 ? word : word & lowBits(count), count << 3);
  if (mode == string) mode = byte == quote ? code : escaped;
  else if (byte == quote) mode = string;
  else if (byte == opening) depth++;
  else depth--;
  return <usize>count;
}

/** The lowest bit that is set tells the first byte of zero; those above may not. */
// @ts-expect-error: decorator of AssemblyScript
@inline
function zeros(word: u64): u64 {
  return (word - ones) & ~word & highs;
}

/** Takes so many bits, 8 to 64, of which those above are zero, into the hash of the row. */
// @ts-expect-error: decorator of AssemblyScript
@inline
function absorb(bytes: u64, bits: u64): void {
  length += bits >> 3;
  rest |= bytes << restBits;
  const total = restBits + bits;
  if (total < 64) {
    restBits = total;
    return;
  }
  mix(rest);
  // A shift by 64 would be one by 0.
  rest = restBits == 0 ? 0 : bytes >> (64 - restBits);
  restBits = total - 64;
}

/** Those of so many bytes, 1 to 7. */
// @ts-expect-error: decorator of AssemblyScript
@inline
function lowBits(bytes: u64): u64 {
  return (<u64>1 << (bytes << 3)) - 1;
}

/** Ends a row, whose bracket has been copied, and perhaps the statement with it. */
function endRow(to: usize): usize {
  mix(rest | (length << 56));
  v2 ^= 0xff;
  rounds(4);
  const hash = v0 ^ v1 ^ v2 ^ v3;
  sum += hash;
  rows++;
  const rowBytes = length + 2;
  statementBytes += rowBytes;
  const endsHere = (hash & 0xffffffff) * averageBytes < rowBytes << 32;
  if (!endsHere && statementBytes < longestBytes) return to;
  store<u8>(to, semicolon);
  isOpen = false;
  return to + 1;
}

function mix(word: u64): void {
  v3 ^= word;
  rounds(2);
  v0 ^= word;
}

// @ts-expect-error: decorator of AssemblyScript
@inline
function rounds(count: i32): void {
  let a = v0;
  let b = v1;
  let c = v2;
  let d = v3;
  for (let i = 0; i < count; i++) {
    a += b;
    c += d;
    b = rotl<u64>(b, 13) ^ a;
    d = rotl<u64>(d, 16) ^ c;
    a = rotl<u64>(a, 32);
    c += b;
    a += d;
    b = rotl<u64>(b, 17) ^ c;
    d = rotl<u64>(d, 21) ^ a;
    c = rotl<u64>(c, 32);
  }
  v0 = a;
  v1 = b;
  v2 = c;
  v3 = d;
}
