/**
 * C0 and C1 controls, and the marks that change the direction of text: a file name that holds them could
 * move the cursor, colour the terminal or show another name than it has.
 */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Text that is safe to show on a terminal: each unsafe character as `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Like `printable`, but keeps line ends, and indents where tabs did: for messages of several lines. */
export function printableLines(text: string): string {
  return text.replaceAll('\t', '    ').split('\n').map(printable).join('\n');
}

/** Cells that the text takes on a terminal: East Asian wide characters and emoji take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts in the middle, so that the beginning and the end of a path stay readable. */
export function shorten(text: string, maxWidth: number): string {
  if (textWidth(text) <= maxWidth) return text;
  if (maxWidth <= 1) return '…'.slice(0, Math.max(0, maxWidth));
  const characters = [...text];
  const tailWidth = Math.ceil((maxWidth - 1) * 0.6);
  const tail = takeWidth(characters.toReversed(), tailWidth).toReversed().join('');
  const head = takeWidth(characters, maxWidth - 1 - textWidth(tail)).join('');
  return `${head}…${tail}`;
}

function takeWidth(characters: readonly string[], maxWidth: number): string[] {
  const taken: string[] = [];
  let width = 0;
  for (const character of characters) {
    width += characterWidth(character);
    if (width > maxWidth) break;
    taken.push(character);
  }
  return taken;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{Mark}$/u.test(character)) return 0;
  return isWide(code) ? 2 : 1;
}

/** The ranges of Unicode's EastAsianWidth.txt that are wide, without the rare ones. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
