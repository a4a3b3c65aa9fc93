import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Case } from './cases/case.ts';
import { cases } from './cases/index.ts';
import type { Contender } from './contenders/contender.ts';
import { peers } from './contenders/peers.ts';
import { resguardo } from './contenders/resguardo.ts';
import { type DataSets, dataSets } from './data.ts';
import { type CaseResult, type ContenderResult, plot, table } from './report.ts';
import { repositoryBytes } from './repository-size.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const usage = 'npm run bench -- [--runs N] [--peers borg,rustic|none] [CASE…]     cases: ';

interface Bench {
  readonly ours: Contender;
  /** The first is restic. */
  readonly peers: readonly [Contender, ...Contender[]];
  readonly data: DataSets;
  readonly folder: string;
  readonly runs: number;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      peers: { type: 'string', default: 'borg,rustic' },
      help: { type: 'boolean' },
    },
  });
  const chosen = cases.filter(({ id, isLong }) =>
    positionals.length === 0 ? !isLong : positionals.some((name) => id.startsWith(name)),
  );
  if (values.help || chosen.length === 0) {
    console.log(usage + cases.map(({ id }) => id).join(', '));
    return;
  }
  const data = await dataSets(path.join(folder, 'data'));
  const work = await mkdtemp(path.join(folder, 'data', 'run-'));
  try {
    const bench = {
      ours: resguardo(),
      peers: await peers(values.peers.split(',')),
      data,
      folder: work,
      runs: Number(values.runs),
    };
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

/** Runs a case in turn for each contender, so that a change of the machine's speed meets all. */
async function alternate(bench: Bench, benchCase: Case): Promise<CaseResult> {
  const contenders = [bench.ours, ...bench.peers].filter((contender) => benchCase.isFor?.(contender) ?? true);
  const turns = new Map<string, ContenderResult>();
  for (let run = 0; run < bench.runs; run += 1) {
    for (const contender of contenders) {
      const earlier = turns.get(contender.name)?.runs ?? [];
      const { measurement, ...sizes } = await takeTurn(bench, benchCase, contender);
      turns.set(contender.name, { runs: [...earlier, measurement], ...sizes });
    }
  }
  const { id, title, target, figure = 'wall' } = benchCase;
  return { id, title, target, figure, contenders: Object.fromEntries(turns) };
}

async function takeTurn(bench: Bench, benchCase: Case, contender: Contender) {
  const repository = path.join(bench.folder, `${contender.name}-turn`);
  const { data, folder: work } = bench;
  const turn = { contender, reference: bench.peers[0], data, folder: work, repository };
  try {
    await benchCase.prepare(turn);
    const bytesBefore = await repositoryBytes(repository);
    const measurement = await benchCase.run(turn);
    const bytes = await repositoryBytes(repository);
    return { measurement, repositoryBytes: bytes, addedBytes: bytes - bytesBefore };
  } finally {
    await rm(repository, { recursive: true, force: true });
  }
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
