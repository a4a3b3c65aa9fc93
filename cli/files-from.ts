import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Failure } from '../contracts/failures.ts';
import type { CommandContext } from './context.ts';
import { pathMatcher } from './sources.ts';

/** Options that name files with paths in them. */
export interface FilesFromOptions {
  readonly filesFrom?: readonly string[];
  readonly filesFromVerbatim?: readonly string[];
  readonly filesFromRaw?: readonly string[];
}

/**
 * Paths that stand in files, with restic's meaning: patterns, one a line, with comments (`--files-from`); paths as
 * they are, one a line (`-verbatim`), or each ended by a zero byte (`-raw`). "-" is standard input.
 * @throws {Failure} InvalidInput
 */
export async function pathsFromFiles(
  context: CommandContext,
  { filesFrom = [], filesFromVerbatim = [], filesFromRaw = [] }: FilesFromOptions,
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const file of filesFrom) {
    const lines = (await readList(context, file)).split('\n').map((line) => line.trim());
    for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
      const found = expandPattern(resolve(context.cwd, line));
      if (found.length === 0) context.output.warn(`warning: the pattern ${line} of ${file} matches nothing`);
      paths.push(...found);
    }
  }
  for (const file of filesFromVerbatim) {
    paths.push(...(await readList(context, file)).split('\n').filter((line) => line !== ''));
  }
  for (const file of filesFromRaw) {
    const text = await readList(context, file);
    const names = text.split('\0');
    if (text !== '' && names.pop() !== '')
      throw wrongList(file, 'its last path does not end with a zero byte');
    if (names.includes('')) throw wrongList(file, 'it has an empty path');
    paths.push(...names);
  }
  return paths;
}

async function readList({ stdin, cwd }: CommandContext, file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = file === '-' ? await buffer(stdin) : await readFile(resolve(cwd, file));
  } catch (error) {
    throw wrongList(file, error instanceof Error ? error.message : String(error));
  }
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw wrongList(file, 'it has a path that is no UTF-8; name the folder of that file instead');
}

/** Paths that match an absolute pattern, where `*`, `?` and `[a-z]` match within one name. */
function expandPattern(pattern: string): readonly string[] {
  let found = [''];
  for (const part of pattern.split('/').slice(1)) {
    const isPlain = !/[\\*?[]/.test(part);
    const matches = isPlain ? undefined : pathMatcher([part.replaceAll('**', '*')]);
    found = found.flatMap((folder) =>
      matches === undefined
        ? [`${folder}/${part}`]
        : namesIn(folder)
            .filter((name) => matches(`/${name}`))
            .map((name) => `${folder}/${name}`),
    );
  }
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder === '' ? '/' : folder).toSorted();
  } catch {
    // As with a shell, what cannot be listed matches nothing.
    return [];
  }
}

function wrongList(file: string, why: string): Failure {
  return new Failure('InvalidInput', `The list of files ${file} cannot be used: ${why}`);
}
