/**
 * Ignore files, as git understands `.gitignore`: patterns, one a line, for what is in the folder of the file and
 * below. The last pattern that matches decides, `!` takes back, a slash at the end means folders alone, a slash
 * before that ties the pattern to the folder of the file. What is in an ignored folder cannot be taken back.
 */
import { Failure } from '../../contracts/failures.ts';
import { partExpression } from './patterns.ts';

interface IgnoreRule {
  readonly isKept: boolean;
  readonly foldersOnly: boolean;
  readonly expression: RegExp;
}

/** The rules of one ignore file. */
export class IgnoreFile {
  /** Folder of the file, ends with a slash. */
  readonly #folder: string;
  readonly #rules: readonly IgnoreRule[];

  /** @throws {Failure} InvalidConfiguration naming the pattern that is malformed */
  constructor(folder: string, text: string) {
    this.#folder = folder;
    this.#rules = text
      .split(/\r?\n/)
      .map((line) => parseRule(line, folder))
      .filter((rule) => rule !== undefined);
  }

  /** Whether a path below the folder is ignored; undefined when no pattern says. */
  decide(path: string, isFolder: boolean): boolean | undefined {
    const relative = path.slice(this.#folder.length);
    const rule = this.#rules.findLast(
      ({ foldersOnly, expression }) => (isFolder || !foldersOnly) && expression.test(relative),
    );
    return rule && !rule.isKept;
  }
}

/** Whether a path is ignored: the file nearest to it says first. */
export function isIgnored(files: readonly IgnoreFile[], path: string, isFolder: boolean): boolean {
  for (const file of files.toReversed()) {
    const decision = file.decide(path, isFolder);
    if (decision !== undefined) return decision;
  }
  return false;
}

function parseRule(line: string, folder: string): IgnoreRule | undefined {
  if (line.startsWith('#')) return undefined;
  // White space at the end does not count, unless a backslash is before it.
  let text = line.replace(/(?<!\\)\s+$/, '');
  const isKept = text.startsWith('!');
  if (isKept) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  if (text === '') return undefined;
  const isTied = text.includes('/');
  const parts = text.replace(/^\//, '').split('/');
  return { isKept, foldersOnly, expression: expressionOf(isTied ? parts : ['**', ...parts], line, folder) };
}

function expressionOf(parts: readonly string[], line: string, folder: string): RegExp {
  let expression = '^';
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (part === '**') expression += isLast ? '.+' : '(?:.*/)?';
    else {
      // git writes the sets of characters that are not meant with `!`, and knows `^` too.
      const name = partExpression(part.replaceAll(/(?<!\\)\[!/g, '[^'));
      if (name === undefined) throw malformed(line, folder);
      expression += name + (isLast ? '' : '/');
    }
  }
  return new RegExp(`${expression}$`, 'su');
}

function malformed(line: string, folder: string): Failure {
  return new Failure(
    'InvalidConfiguration',
    `The pattern "${line}" of an ignore file in ${folder} is malformed.`,
    {
      advice: 'Close every bracket, and put a backslash before a character that stands for itself.',
    },
  );
}
