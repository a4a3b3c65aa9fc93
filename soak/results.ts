import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { details, table } from './report.ts';
import type { RowResult } from './row.ts';

interface ResultFile {
  readonly at: string;
  readonly machine: { readonly cores: number; readonly cpu: string | undefined; readonly node: string };
  readonly results: readonly RowResult[];
}

/** Writes what the rows of one run have shown, as JSON and for people; returns the paths of both. */
export async function writeResults(
  folder: string,
  results: readonly RowResult[],
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version };
  const name = join(folder, at.slice(0, 23).replaceAll(/[:.]/g, ''));
  const file: ResultFile = { at, machine, results };
  const text = `# ${at}\n\n${machine.cores} × ${machine.cpu}, Node ${machine.node}\n\n${table(results)}\n\n${details(results)}\n`;
  await writeFile(`${name}.json`, `${JSON.stringify(file, null, 2)}\n`);
  await writeFile(`${name}.md`, text);
  return [`${name}.json`, `${name}.md`];
}

/** What earlier runs have shown, the oldest first. */
export async function readResults(folder: string): Promise<readonly RowResult[]> {
  const names = await readdir(folder).catch(() => []);
  const results: RowResult[] = [];
  for (const name of names.toSorted()) {
    if (!name.endsWith('.json')) continue;
    // Only this program writes there.
    const file: ResultFile = JSON.parse(await readFile(join(folder, name), 'utf8'));
    results.push(...file.results);
  }
  return results;
}

/** Number of the case at which a row goes on with a seed. */
export function nextCase(results: readonly RowResult[], { id, seed }: { id: string; seed: number }): number {
  const same = results.filter((result) => result.id === id && result.seeds.includes(seed));
  return Math.max(0, ...same.map(({ next }) => next));
}

/** One result for each row. */
export function sumUp(results: readonly RowResult[]): readonly RowResult[] {
  return [...Map.groupBy(results, ({ id }) => id).values()].map((parts) => parts.reduce(sumOfTwo));
}

function sumOfTwo(one: RowResult, other: RowResult): RowResult {
  return {
    id: one.id,
    title: other.title,
    seeds: [...new Set([...one.seeds, ...other.seeds])],
    seconds: one.seconds + other.seconds,
    cases: one.cases + other.cases,
    next: other.next,
    kinds: merged(one.kinds, other.kinds, (a, b) => a + b),
    failures: [...one.failures, ...other.failures],
    skipped: { ...one.skipped, ...other.skipped },
    figures: merged(one.figures, other.figures, Math.max),
    isCutShort: other.isCutShort,
  };
}

function merged(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
  combine: (a: number, b: number) => number,
): Readonly<Record<string, number>> {
  const values = new Map(Object.entries(one));
  for (const [name, value] of Object.entries(other)) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : combine(before, value));
  }
  return Object.fromEntries(values);
}
