/**
 * JSON as Go's encoding/json writes it, which restic's trees are made of: `<`, `>`, `&` and the line
 * separators U+2028 and U+2029 are escaped, and bytes that are no UTF-8 become U+FFFD, one for each byte.
 */
import { isUtf8 } from 'node:buffer';
import { forEachRune } from './utf8.ts';

/** A JSON string in quotes. */
export function goString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (!/["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/.test(text)) return `"${text}"`;
  let result = '"';
  for (const character of text) result += escapes.get(character) ?? escapeRare(character);
  return `${result}"`;
}

/** A JSON string made of bytes that are usually UTF-8. */
export function goStringOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return goString(bytes.toString('utf8'));
  let result = '"';
  forEachRune(bytes, {
    rune: (codePoint) => {
      const character = String.fromCodePoint(codePoint);
      result += escapes.get(character) ?? escapeRare(character);
    },
    invalid: () => {
      result += '\\ufffd';
    },
  });
  return `${result}"`;
}

/** Any plain JSON value, with the keys of objects in their own order. */
export function goValue(value: unknown): string {
  if (typeof value === 'string') return goString(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(goValue).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${goString(key)}:${goValue(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

const escapes = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
]);

function escapeRare(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return `\\u00${code.toString(16).padStart(2, '0')}`;
  // A half of a surrogate pair is no character: Go would have replaced it when it read it.
  if (character.length === 1 && code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return character;
}
