/**
 * Injects the faults of the fault table, many times: `npm run soak`, or `npm run soak -- --row X10 --seed 7
 * --minutes 5`. Ends by itself, and writes what it has shown to soak/results.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { removeFolder } from '../test/remove-folder.ts';
import { leftBehind } from './left-behind.ts';
import { details, table } from './report.ts';
import { nextCase, readResults, sumUp, writeResults } from './results.ts';
import type { Row, RowResult } from './row.ts';
import { runRow } from './row-run.ts';
import { rows } from './rows.ts';

const usage = `npm run soak -- [--row ID]… [--seed N] [--minutes M] [--count N] [--resume] [--summary]

  --row ID      a row of the fault table, as often as wanted; X10 is all rows that begin so (default: all)
  --seed N      chooses the faults; printed at every run, so that it can be repeated
  --minutes M   ends each row after that time (default: 10)
  --count N     cases of each row, instead of its own number
  --resume      leaves out the cases that earlier runs with the same seed have done
  --summary     runs nothing: sums up what all runs have shown
  --results F   folder of the results (default: soak/results)

rows:`;

interface Settings {
  readonly chosen: readonly Row[];
  readonly seed: number;
  readonly maxMs: number;
  readonly count: number | undefined;
  readonly isResumed: boolean;
  /** Folder. */
  readonly results: string;
}

async function main(): Promise<void> {
  const values = readArguments();
  const results = path.resolve(values.results);
  const isChosen = ({ id }: Row): boolean =>
    values.row.length === 0 || values.row.some((wanted) => id === wanted || id.startsWith(`${wanted}-`));
  const chosen = rows.filter(isChosen);
  if (values.help || chosen.length === 0) {
    console.log([usage, ...rows.map(({ id, title }) => `  ${id.padEnd(20)} ${title}`)].join('\n'));
    process.exitCode = values.help ? 0 : 2;
  } else if (values.summary) {
    const sums = sumUp(await readResults(results)).filter((result) =>
      chosen.some(({ id }) => id === result.id),
    );
    console.log(`${table(sums)}\n\n${details(sums)}`);
  } else {
    await runAndWrite({
      chosen,
      results,
      seed: Number(values.seed ?? randomInt(2 ** 31)),
      maxMs: Number(values.minutes) * 60_000,
      count: values.count === undefined ? undefined : Number(values.count),
      isResumed: values.resume,
    });
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      row: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      minutes: { type: 'string', default: '10' },
      count: { type: 'string' },
      resume: { type: 'boolean', default: false },
      summary: { type: 'boolean', default: false },
      results: {
        type: 'string',
        default: path.join(path.dirname(fileURLToPath(import.meta.url)), 'results'),
      },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

async function runAndWrite(settings: Settings): Promise<void> {
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interruption.abort());
  const earlier = settings.isResumed ? await readResults(settings.results) : [];
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-soak-'));
  process.env.TMPDIR = folder;
  shareCompiledCode();
  const results: RowResult[] = [];
  try {
    for (const row of settings.chosen) {
      if (interruption.signal.aborted) break;
      const { seed, maxMs, count = row.counts.soak } = settings;
      const first = nextCase(earlier, { id: row.id, seed });
      console.log(`${row.id}: ${row.title} (seed ${seed}, cases ${first} to ${count})`);
      const shown = await runRow(row, { seed, maxMs, count, first, signal: interruption.signal });
      const left = (await leftBehind(folder)).map((message) => ({
        kind: 'left behind',
        number: shown.next,
        message,
      }));
      const result = { ...shown, failures: [...shown.failures, ...left] };
      results.push(result);
      console.log(`${details([result])}\n`);
    }
  } finally {
    await removeFolder(folder);
  }
  const written = await writeResults(settings.results, results);
  console.log(`${table(results)}\n\nWritten to ${written.join(' and ')}`);
  process.exitCode = results.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

/** Rows start thousands of programs of ours: most of their time would go into reading the same source text. */
function shareCompiledCode(): void {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  process.env.NODE_COMPILE_CACHE ??= path.join(cache, 'resguardo', 'code');
}

await main();
