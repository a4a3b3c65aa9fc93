/** What is done with the parts of a byte string. */
export interface RuneVisitor {
  readonly rune: (codePoint: number) => void;
  /** A byte that belongs to no character. */
  readonly invalid: (byte: number) => void;
}

/**
 * Splits bytes into characters as Go does: a wrong sequence gives up its first byte alone, and decoding starts
 * again at the next one. (TextDecoder takes longer parts for one error.)
 */
export function forEachRune(bytes: Uint8Array, visitor: RuneVisitor): void {
  let position = 0;
  while (position < bytes.length) {
    const byte = bytes[position] ?? 0;
    const length = sequenceLength(bytes, position);
    if (length === 0) visitor.invalid(byte);
    else visitor.rune(codePointAt(bytes, position, length));
    position += Math.max(length, 1);
  }
}

/** Length of the valid sequence at the position, or 0. RFC 3629, section 4. */
function sequenceLength(bytes: Uint8Array, position: number): number {
  const first = bytes[position] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (position + length > bytes.length) return 0;
  const second = bytes[position + 1] ?? 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let index = 2; index < length; index += 1) {
    if (((bytes[position + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

function codePointAt(bytes: Uint8Array, position: number, length: number): number {
  const first = bytes[position] ?? 0;
  if (length === 1) return first;
  let codePoint = first & (0x7f >> length);
  for (let index = 1; index < length; index += 1) {
    codePoint = (codePoint << 6) | ((bytes[position + index] ?? 0) & 0x3f);
  }
  return codePoint;
}
