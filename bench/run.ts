import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureRestic } from '../tools/restic.ts';
import { cases as backupCases, type Case } from './cases.ts';
import { type DataSets, prepareData } from './data.ts';
import { maintenanceCases } from './maintenance-cases.ts';
import type { Measurement } from './measure.ts';
import { type CaseResult, plot, table } from './report.ts';
import { repositoryBytes } from './repository-size.ts';
import { type Contender, resguardo, restic } from './tools.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const cases = [...backupCases, ...maintenanceCases];
const usage = 'npm run bench -- [--runs N] [CASE…]     cases: ';

interface Bench {
  readonly contenders: readonly [Contender, Contender];
  readonly data: DataSets;
  readonly folder: string;
  readonly runs: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: 'string', default: '3' }, help: { type: 'boolean' } },
  });
  const chosen = cases.filter(
    ({ id }) => positionals.length === 0 || positionals.some((name) => id.startsWith(name)),
  );
  if (values.help || chosen.length === 0) {
    console.log(usage + cases.map(({ id }) => id).join(', '));
    return;
  }
  const peer = restic(await ensureRestic('0.19.1'));
  const data = await prepareData(path.join(folder, 'data'));
  const work = await mkdtemp(path.join(folder, 'data', 'run-'));
  try {
    const bench = { contenders: [resguardo(), peer] as const, data, folder: work, runs: Number(values.runs) };
    const results: CaseResult[] = [];
    for (const benchCase of chosen) {
      const result = await alternate(bench, benchCase);
      results.push(result);
      console.log(table([result]));
    }
    await report(results);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Runs a case in turn for each contender, so that a change of the machine's speed meets both. */
async function alternate(bench: Bench, benchCase: Case): Promise<CaseResult> {
  const measurements = new Map<string, Measurement[]>();
  const sizes = new Map<string, number>();
  for (let run = 0; run < bench.runs; run += 1) {
    for (const contender of bench.contenders) {
      const repository = path.join(bench.folder, `${contender.name}-turn`);
      const turn = {
        contender,
        reference: bench.contenders[1],
        data: bench.data,
        folder: bench.folder,
        repository,
      };
      await benchCase.prepare(turn);
      const measurement = await benchCase.run(turn);
      measurements.set(contender.name, [...(measurements.get(contender.name) ?? []), measurement]);
      sizes.set(contender.name, await repositoryBytes(repository));
      await rm(repository, { recursive: true, force: true });
    }
  }
  const [ours, theirs] = bench.contenders.map(({ name }) => ({
    runs: measurements.get(name) ?? [],
    repositoryBytes: sizes.get(name) ?? 0,
  }));
  if (ours === undefined || theirs === undefined) throw new Error('A contender has no runs');
  return { id: benchCase.id, title: benchCase.title, target: benchCase.target, ours, theirs };
}

async function report(results: readonly CaseResult[]): Promise<void> {
  const target = path.join(folder, 'results');
  await mkdir(target, { recursive: true });
  const machine = {
    cores: cpus().length,
    cpu: cpus()[0]?.model,
    node: process.version,
    fileSystem: (await statfs(folder)).type,
  };
  const day = new Date().toISOString().slice(0, 10);
  await writeFile(
    path.join(target, `${day}.json`),
    `${JSON.stringify({ day, machine, results }, null, 2)}\n`,
  );
  await writeFile(path.join(target, `${day}.svg`), plot(results));
  console.log(`\n${table(results)}\nWritten to bench/results/${day}.json and .svg`);
}

await main();
