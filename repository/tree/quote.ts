/**
 * File names in restic's trees: the bytes of the name as a Go string literal without its quotes
 * (strconv.Quote), so that names that are no UTF-8 survive JSON.
 */
import { isPrintable } from './printable.ts';
import { forEachRune } from './utf8.ts';

/** Letters after a backslash, and the byte that each stands for. */
const shortEscapes: readonly (readonly [string, number])[] = [
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
  ['\\', 0x5c],
  ['"', 0x22],
];
const letterOfByte = new Map(shortEscapes.map(([letter, byte]) => [byte, letter]));
const byteOfLetter = new Map(shortEscapes);

const digitsOfEscape = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

export function quoteName(name: Buffer): string {
  const plain = name.toString('latin1');
  if (/^[ !#-[\]-~]*$/.test(plain)) return plain;
  let result = '';
  forEachRune(name, {
    rune: (codePoint) => {
      result += quoteRune(codePoint);
    },
    invalid: (byte) => {
      result += `\\x${hex(byte, 2)}`;
    },
  });
  return result;
}

/** The bytes of a quoted name, or undefined when it is no Go string literal. */
export function unquoteName(quoted: string): Buffer | undefined {
  if (!/["\\\n]/.test(quoted)) return Buffer.from(quoted, 'utf8');
  const parts: Buffer[] = [];
  let position = 0;
  while (position < quoted.length) {
    const backslash = quoted.indexOf('\\', position);
    const end = backslash < 0 ? quoted.length : backslash;
    const plain = quoted.slice(position, end);
    if (/["\n]/.test(plain)) return undefined;
    parts.push(Buffer.from(plain, 'utf8'));
    if (backslash < 0) break;
    const sequence = readEscape(quoted, backslash + 1);
    if (!sequence) return undefined;
    parts.push(sequence.bytes);
    position = sequence.end;
  }
  return Buffer.concat(parts);
}

function quoteRune(codePoint: number): string {
  const letter = letterOfByte.get(codePoint);
  if (letter !== undefined) return `\\${letter}`;
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex(codePoint, 2)}`;
  if (codePoint < 0x7f || isPrintable(codePoint)) return String.fromCodePoint(codePoint);
  return codePoint < 0x10000 ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Reads what follows a backslash. */
function readEscape(quoted: string, start: number): { bytes: Buffer; end: number } | undefined {
  const letter = quoted[start] ?? '';
  const byte = byteOfLetter.get(letter);
  if (byte !== undefined) return { bytes: Buffer.of(byte), end: start + 1 };
  const digits = digitsOfEscape.get(letter);
  if (digits === undefined) return readOctal(quoted, start);
  const end = start + 1 + digits;
  const text = quoted.slice(start + 1, end);
  if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  if (letter === 'x') return { bytes: Buffer.of(value), end };
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined;
  return { bytes: Buffer.from(String.fromCodePoint(value), 'utf8'), end };
}

function readOctal(quoted: string, start: number): { bytes: Buffer; end: number } | undefined {
  const text = quoted.slice(start, start + 3);
  if (!/^[0-3][0-7]{2}$/.test(text)) return undefined;
  return { bytes: Buffer.of(Number.parseInt(text, 8)), end: start + 3 };
}
