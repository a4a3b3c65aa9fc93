import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPrintable } from '../../../repository/tree/printable.ts';
import { quoteName, unquoteName } from '../../../repository/tree/quote.ts';

/** What Go's strconv.Quote makes of them. */
const examples: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('plain name.txt'), 'plain name.txt'],
  [Buffer.from('quote " backslash \\'), 'quote \\" backslash \\\\'],
  [Buffer.from('\x07\b\f\n\r\t\v\x01\x7f'), '\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f'],
  [Buffer.from('é😀漢'), 'é😀漢'],
  [Buffer.from('no\u00a0break \u00adsoft \u2028line'), 'no\\u00a0break \\u00adsoft \\u2028line'],
  [Buffer.from('\u{e0001}tag \u{10ffff}'), '\\U000e0001tag \\U0010ffff'],
  [Buffer.from([0xff, 0xc3, 0x28, 0xe2, 0x82]), '\\xff\\xc3(\\xe2\\x82'],
  [Buffer.from([0xed, 0xa0, 0x80, 0xc0, 0x80]), '\\xed\\xa0\\x80\\xc0\\x80'],
  [Buffer.from('\ufffd'), '\ufffd'],
];

test('names are quoted as Go quotes them', () => {
  for (const [name, quoted] of examples) assert.equal(quoteName(name), quoted);
});

test('characters that are newer than the Unicode of Go are quoted', () => {
  // U+1FAE8 is of Unicode 15.0, U+2FFC of 15.1, U+1FAE9 of 16.0.
  assert.equal(quoteName(Buffer.from('\u{1fae8}')), '\u{1fae8}');
  assert.equal(quoteName(Buffer.from('\u2ffc')), '\\u2ffc');
  assert.equal(quoteName(Buffer.from('\u{1fae9}')), '\\U0001fae9');
});

test('a character is printable when Unicode says letter, mark, number, punctuation or symbol', () => {
  for (let codePoint = 0x80; codePoint < 0x3000; codePoint += 1) {
    const isOfKind = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(String.fromCodePoint(codePoint));
    // Node's Unicode knows all characters of Go's, and some more.
    if (isPrintable(codePoint)) assert.ok(isOfKind, codePoint.toString(16));
  }
});

test('every name comes back from its quoted form', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
      const name = Buffer.from(bytes);
      assert.deepEqual(unquoteName(quoteName(name)), name);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      const name = Buffer.from(text);
      assert.deepEqual(unquoteName(quoteName(name)), name);
    }),
  );
});

test('escapes that Go accepts without writing them are understood', () => {
  assert.deepEqual(unquoteName('\\101\\x41\\u0041\\U00000041'), Buffer.from('AAAA'));
});

test('what is no Go string literal is refused', () => {
  for (const wrong of ['"', 'a\nb', '\\', '\\q', "\\'", '\\x4', '\\u12', '\\ud800', '\\U00110000', '\\400']) {
    assert.equal(unquoteName(wrong), undefined, wrong);
  }
});
