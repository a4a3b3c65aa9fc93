/**
 * P11, P12 and P13 for MariaDB: a database backed up and restored, beside MariaDB's own programs.
 * `npm run bench:mysql -- [--rows 1000000] [--runs 3]`
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './measure.ts';
import { type Stage, setStage } from './mysql/stage.ts';
import { partsOf } from './printed-parts.ts';
import { repositoryBytes } from './repository-size.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

interface Row {
  readonly id: string;
  readonly what: string;
  /** Wall seconds of each run, or bytes. */
  readonly values: readonly number[];
}

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '3' } },
});
const [rowCount, runs] = [Number(values.rows), Number(values.runs)];
const dump = 'mariadb-dump CONNECTION --single-transaction --quick --hex-blob --order-by-primary bench';
await mkdir(path.join(here, 'data'), { recursive: true });
const stage = await setStage(path.join(here, 'data'), rowCount);
try {
  const rows: Row[] = [];
  for (const part of [backups, restores, dayTwo]) {
    const measured = await part(stage);
    for (const { id, what, values: all } of measured) {
      console.log(
        `${id.padEnd(5)} ${what.padEnd(50)} ${median(all).toFixed(2).padStart(14)}   ${all.join(' ')}`,
      );
    }
    rows.push(...measured);
  }
  const file = path.join(here, 'results', `${new Date().toISOString().slice(0, 10)}-mysql.json`);
  await writeFile(file, `${JSON.stringify({ rows: rowCount, runs, measured: rows }, null, 2)}\n`);
} finally {
  await stage.close();
}

function dumpOf({ connect }: Stage): string {
  return dump.replace('CONNECTION', connect);
}

/** In turn, so that a change of the machine's speed meets all. The last repository and dump stay. */
async function backups(stage: Stage): Promise<readonly Row[]> {
  const { folder, binDir, shell, ours } = stage;
  const at = (name: string): string => path.join(folder, name);
  await shell(`ssh-keygen -q -t ed25519 -N "" -f ${at('key')}`);
  const contenders: readonly (readonly [string, () => Promise<{ wallSeconds: number }>])[] = [
    ['mariadb-dump (the floor)', () => shell(`${dumpOf(stage)} > ${at('plain')}`)],
    ['resguardo', () => ours('backup', binDir, at('repository'))],
    ['mariadb-dump | zstd -3', () => shell(`${dumpOf(stage)} | zstd -q -3 > ${at('zstd')}`)],
    [
      'mariadb-dump | zstd -3 | age',
      () => shell(`${dumpOf(stage)} | zstd -q -3 | age -R ${at('key.pub')} > ${at('age')}`),
    ],
  ];
  const seconds = new Map<string, number[]>();
  for (let run = 0; run < runs; run += 1) {
    await rm(at('repository'), { recursive: true, force: true });
    for (const [what, work] of contenders) {
      const { wallSeconds } = await work();
      seconds.set(what, [...(seconds.get(what) ?? []), wallSeconds]);
    }
  }
  return [...seconds].map(([what, all]) => ({ id: 'P11', what: `${what}, s`, values: all }));
}

async function restores({ folder, binDir, connect, sql, shell, ours }: Stage): Promise<readonly Row[]> {
  const theirs: number[] = [];
  const whole: number[] = [];
  const parts = new Map<string, number[]>();
  for (let run = 0; run < runs; run += 1) {
    await sql('DROP DATABASE IF EXISTS floor; CREATE DATABASE floor; DROP DATABASE IF EXISTS ours');
    theirs.push((await shell(`mariadb ${connect} floor < ${path.join(folder, 'plain')}`)).wallSeconds);
    const { wallSeconds, printed } = await ours('restore', binDir, path.join(folder, 'repository'), 'ours');
    whole.push(wallSeconds);
    for (const [part, seconds] of partsOf(printed)) parts.set(part, [...(parts.get(part) ?? []), seconds]);
  }
  await sql('DROP DATABASE IF EXISTS floor; DROP DATABASE IF EXISTS ours');
  return [
    { id: 'P12', what: 'mariadb < plain dump, s', values: theirs },
    { id: 'P18', what: 'resguardo, from the command to the checked copy, s', values: whole },
    ...[...parts].map(([part, all]) => ({ id: 'P12', what: `of that: ${part}, s`, values: all })),
  ];
}

/** Bytes that the next backup stores, beside a fresh compressed dump. */
async function dayTwo(stage: Stage): Promise<readonly Row[]> {
  const { folder, binDir, sql, shell, ours } = stage;
  const repository = path.join(folder, 'repository');
  const newest = 100_000_000 + Math.round(rowCount * 9.9);
  const middle = 100_000_005 + Math.round(rowCount / 2) * 10;
  const changes = [
    ['nothing', 'SELECT 1'],
    [
      'one row in the middle of each table came',
      `INSERT INTO equal VALUES (${middle}, 'new'); INSERT INTO mixed VALUES (${middle}, 'new', 1)`,
    ],
    [
      'the newest 1 % changed',
      `UPDATE equal SET word = md5(word) WHERE id > ${newest}; UPDATE mixed SET share = share / 2 WHERE id > ${newest}`,
    ],
    [
      '1 % anywhere changed',
      'UPDATE equal SET word = md5(word) WHERE id % 1000 = 0; UPDATE mixed SET share = share / 2 WHERE id % 1000 = 0',
    ],
  ] as const;
  const rows: Row[] = [];
  for (const [what, change] of changes) {
    await sql(change);
    const before = await repositoryBytes(repository);
    await ours('backup', binDir, repository);
    const added = (await repositoryBytes(repository)) - before;
    rows.push({ id: 'P13', what: `resguardo after ${what}, bytes`, values: [added] });
  }
  const file = path.join(folder, 'zstd');
  await shell(`${dumpOf(stage)} | zstd -q -3 > ${file}`);
  rows.push({ id: 'P13', what: 'a fresh mariadb-dump | zstd -3, bytes', values: [(await stat(file)).size] });
  return rows;
}
