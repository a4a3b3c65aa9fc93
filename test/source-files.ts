import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

/** Folders that hold no source of ours. */
const skippedFolders = ['node_modules', '.git', '.resguardo', 'dist'];

/** Paths of all files below a folder whose names end so, relative to the root and in a fixed order. */
export async function listFiles(root: string, folder: string, ending: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile() && entry.name.endsWith(ending)) found.push(path);
    if (entry.isDirectory() && !skippedFolders.includes(entry.name)) {
      found.push(...(await listFiles(root, path, ending)));
    }
  }
  return found;
}

/** Import and export lines (over several lines too) and imports by call. Source: the grammar that we use. */
const importLine = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?'([^'\n]+)';|\bimport\(\s*'([^'\n]+)'\s*\)/gm;

/** What a file imports: packages by name, files of ours as paths relative to the root. */
export function importsIn(source: string, file: string): readonly string[] {
  return [...source.matchAll(importLine)].map((match) => {
    const specifier = match[1] ?? match[2] ?? '';
    return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
  });
}

/** All files below `test/` and `soak/` that one of them imports, itself included, however indirectly. */
export async function testFilesReached(root: string, file: string): Promise<ReadonlySet<string>> {
  const reached = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next) || !/^(test|soak)\//.test(next)) continue;
    reached.add(next);
    const source = await readFile(join(root, next), 'utf8').catch(() => '');
    waiting.push(...importsIn(source, next));
  }
  return reached;
}
