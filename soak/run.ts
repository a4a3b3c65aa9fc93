/**
 * Injects the faults of the fault table, many times: `npm run soak`, or `npm run soak -- --row X10 --seed 7
 * --minutes 5`. Ends by itself, and writes what it has shown to soak/results.
 */
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { removeFolder } from './engine.ts';
import { details, table } from './report.ts';
import type { Row, RowResult } from './row.ts';
import { runRow } from './row-run.ts';
import { rows } from './rows.ts';

const usage = `npm run soak -- [--row ID]… [--seed N] [--minutes M] [--count N]

  --row ID      a row of the fault table, as often as wanted; X10 is all rows that begin so (default: all)
  --seed N      chooses the faults; printed at every run, so that it can be repeated
  --minutes M   ends each row after that time (default: 10)
  --count N     cases of each row, instead of its own number

rows:`;

interface Settings {
  readonly chosen: readonly Row[];
  readonly seed: number;
  readonly maxMs: number;
  readonly count: number | undefined;
}

async function main(): Promise<void> {
  const settings = readSettings();
  if (!settings) return;
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interruption.abort());
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-soak-'));
  process.env.TMPDIR = folder;
  const results: RowResult[] = [];
  try {
    for (const row of settings.chosen) {
      if (interruption.signal.aborted) break;
      console.log(`${row.id}: ${row.title} (seed ${settings.seed})`);
      const result = await runRow(row, {
        ...settings,
        count: settings.count ?? row.counts.soak,
        signal: interruption.signal,
      });
      results.push(result);
      console.log(`${details([result])}\n`);
    }
  } finally {
    await removeFolder(folder);
  }
  await report(results);
  process.exitCode = results.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

function readSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      row: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      minutes: { type: 'string', default: '10' },
      count: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const isChosen = ({ id }: Row): boolean =>
    values.row.length === 0 || values.row.some((wanted) => id === wanted || id.startsWith(`${wanted}-`));
  const chosen = rows.filter(isChosen);
  if (values.help || chosen.length === 0) {
    console.log([usage, ...rows.map(({ id, title }) => `  ${id.padEnd(20)} ${title}`)].join('\n'));
    process.exitCode = values.help ? 0 : 2;
    return undefined;
  }
  return {
    chosen,
    seed: Number(values.seed ?? randomInt(2 ** 31)),
    maxMs: Number(values.minutes) * 60_000,
    count: values.count === undefined ? undefined : Number(values.count),
  };
}

async function report(results: readonly RowResult[]): Promise<void> {
  const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'results');
  await mkdir(folder, { recursive: true });
  const at = new Date().toISOString();
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version };
  const name = at.slice(0, 19).replaceAll(':', '');
  const text = `# ${at}\n\n${machine.cores} × ${machine.cpu}, Node ${machine.node}\n\n${table(results)}\n\n${details(results)}\n`;
  await writeFile(
    path.join(folder, `${name}.json`),
    `${JSON.stringify({ at, machine, results }, null, 2)}\n`,
  );
  await writeFile(path.join(folder, `${name}.md`), text);
  console.log(`${table(results)}\n\nWritten to soak/results/${name}.json and .md`);
}

await main();
