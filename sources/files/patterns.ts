/**
 * Exclude patterns with restic's meaning. A pattern is made of parts between slashes:
 * - `*`, `?` and `[a-z]` match within one name, `**` any number of folders, a backslash takes the next
 *   character as it is;
 * - a pattern that begins with `/` starts at the root, any other one matches at every level;
 * - what a pattern matches is left out with everything below it;
 * - a pattern after `!` takes back what earlier ones matched.
 */
import { Failure } from '../../contracts/failures.ts';

/** Tells whether an absolute path is left out. */
export type PathFilter = (path: string) => boolean;

type PatternPart =
  | { readonly kind: 'folders' }
  | { readonly kind: 'name'; readonly matches: (name: string) => boolean };

interface Pattern {
  readonly isNegated: boolean;
  readonly isRooted: boolean;
  readonly parts: readonly PatternPart[];
}

/**
 * @param ignoreCase takes capital and small letters for the same
 * @throws {Failure} InvalidConfiguration naming the pattern that is malformed
 */
export function compilePatterns(patterns: readonly string[], ignoreCase = false): PathFilter {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const compiled = patterns
    .filter((pattern) => pattern !== '')
    .map((pattern) => compilePattern(fold(pattern)));
  return (path) => {
    const names = fold(path)
      .split('/')
      .filter((name) => name !== '');
    let isMatched = false;
    for (const pattern of compiled) {
      if (pattern.isNegated === isMatched && matchesPattern(pattern, names)) isMatched = !pattern.isNegated;
    }
    return isMatched;
  };
}

function compilePattern(source: string): Pattern {
  const isNegated = source.startsWith('!');
  const text = isNegated ? source.slice(1) : source;
  const names = cleanNames(text);
  return {
    isNegated,
    isRooted: text.startsWith('/'),
    parts: names.map((name) => compilePart(name, source)),
  };
}

/** Names of a path without empty ones and `.`, with `..` resolved where it can be. */
function cleanNames(text: string): readonly string[] {
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop();
    else names.push(name);
  }
  return names;
}

function compilePart(part: string, source: string): PatternPart {
  if (part === '**') return { kind: 'folders' };
  if (!/[\\[\]*?]/.test(part)) return { kind: 'name', matches: (name) => name === part };
  const expression = partExpression(part);
  if (expression === undefined) {
    throw new Failure('InvalidConfiguration', `The exclude pattern "${source}" is malformed.`, {
      advice: 'Close every bracket, and put a backslash before a character that stands for itself.',
    });
  }
  const compiled = new RegExp(`^${expression}$`, 'su');
  return { kind: 'name', matches: (name) => compiled.test(name) };
}

/** Source of a regular expression for a name, or undefined when the part is malformed. */
export function partExpression(part: string): string | undefined {
  const characters = [...part];
  let expression = '';
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '*') expression += '[^/]*';
    else if (character === '?') expression += '[^/]';
    else if (character === '[') {
      const set = characterClass(characters, index);
      if (!set) return undefined;
      expression += set.expression;
      index = set.end;
    } else if (character === '\\') {
      index += 1;
      const literal = characters[index];
      if (literal === undefined) return undefined;
      expression += escapeLiteral(literal);
    } else expression += escapeLiteral(character);
  }
  return expression;
}

/** Reads `[abc]`, `[a-z]` or `[^a-z]`, where a backslash takes the next character as it is. */
function characterClass(
  characters: readonly string[],
  start: number,
): { readonly expression: string; readonly end: number } | undefined {
  let index = start + 1;
  const isNegated = characters[index] === '^';
  if (isNegated) index += 1;
  const read = (): string | undefined => {
    if (characters[index] === '\\') index += 1;
    else if (characters[index] === '-' || characters[index] === ']') return undefined;
    index += 1;
    return characters[index - 1];
  };
  let ranges = '';
  while (ranges === '' || characters[index] !== ']') {
    const low = read();
    if (low === undefined) return undefined;
    let high = low;
    if (characters[index] === '-') {
      index += 1;
      const end = read();
      if (end === undefined) return undefined;
      high = end;
    }
    // A range that runs backwards matches nothing.
    if (low <= high) ranges += `${escapeLiteral(low)}-${escapeLiteral(high)}`;
    else if (ranges === '') ranges = '\\u{10ffff}';
  }
  return { expression: `[${isNegated ? '^' : ''}${ranges}]`, end: index };
}

function escapeLiteral(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function matchesPattern(pattern: Pattern, names: readonly string[]): boolean {
  if (pattern.parts.length === 0) return pattern.isRooted;
  const lastStart = pattern.isRooted ? 0 : names.length - 1;
  for (let start = 0; start <= lastStart; start += 1) {
    if (matchesAt({ pattern, names }, 0, start)) return true;
  }
  return false;
}

interface Attempt {
  readonly pattern: Pattern;
  readonly names: readonly string[];
}

/** Whether the parts from one on match the names from one on: what is below a match is matched too. */
function matchesAt(attempt: Attempt, part: number, name: number): boolean {
  const current = attempt.pattern.parts[part];
  if (!current) return true;
  if (current.kind === 'folders') {
    for (let next = name; next <= attempt.names.length; next += 1) {
      if (matchesAt(attempt, part + 1, next)) return true;
    }
    return false;
  }
  const text = attempt.names[name];
  return text !== undefined && current.matches(text) && matchesAt(attempt, part + 1, name + 1);
}
