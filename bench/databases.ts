/**
 * P11, P12, P13 and P18: a PostgreSQL database backed up and restored, beside PostgreSQL's own programs.
 * `npm run bench:databases -- [--scale 100] [--runs 3] [--postgres 17] [--only backups] [--keep FOLDER] [--tried]`
 *
 * Parts are backups, restores and dayTwo; restores and dayTwo work on what backups has made. pgBackRest is measured where
 * it is installed and knows the version: that of Debian 12 knows PostgreSQL up to 15.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commandFlags } from '../scripts/start.mjs';
import { ensureRestic } from '../tools/restic.ts';
import { median } from './measure.ts';
import { type Stage, setStage } from './postgres/stage.ts';
import { partsOf } from './printed-parts.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

interface Row {
  readonly id: string;
  readonly what: string;
  /** Wall seconds of each run, or bytes. */
  readonly values: readonly number[];
}

/** What backups makes, and later parts need. */
const kept = ['floor', 'repository', 'custom'];
const removed = ['staging', 'staged', 'zstd', 'age', 'pgbackrest'];

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '100' },
    runs: { type: 'string', default: '3' },
    postgres: { type: 'string', default: '17' },
    only: { type: 'string', multiple: true },
    keep: { type: 'string' },
    tried: { type: 'boolean' },
  },
});
const [scale, runs] = [Number(values.scale), Number(values.runs)];
const major = ([15, 16, 17, 18] as const).find((known) => String(known) === values.postgres);
if (major === undefined) throw new Error(`PostgreSQL ${values.postgres} is not known`);
const parts = [backups, restores, dayTwo].filter(
  ({ name }) => values.only === undefined || values.only.includes(name),
);
await mkdir(path.join(here, 'data'), { recursive: true });
const { keep } = values;
const stage = await setStage(path.join(here, 'data'), {
  ...{ scale, major },
  ...(keep !== undefined && { kept: path.resolve(keep) }),
});
try {
  const rows: Row[] = [];
  for (const part of parts) {
    const measured = await part(stage);
    for (const { id, what, values: all } of measured) {
      console.log(
        `${id.padEnd(5)} ${what.padEnd(50)} ${median(all).toFixed(2).padStart(14)}   ${all.join(' ')}`,
      );
    }
    rows.push(...measured);
  }
  const file = path.join(here, 'results', `${new Date().toISOString().slice(0, 10)}-databases-${scale}.json`);
  await writeFile(file, `${JSON.stringify({ postgres: major, scale, runs, rows }, null, 2)}\n`);
} finally {
  await stage.close();
}

/** In turn, so that a change of the machine's speed meets all. The last repository and folder stay. */
async function backups(stage: Stage): Promise<readonly Row[]> {
  const { folder, binDir, shell, ours, remove } = stage;
  const at = (name: string): string => path.join(folder, name);
  await shell(`ssh-keygen -q -t ed25519 -N "" -f ${at('key')}`).catch(() => undefined);
  const inWorker: number[] = [];
  const staged = [
    'pg_dump -Fd -Z0 -j2 into a folder, then resguardo of that',
    () => shell(`pg_dump -Fd -Z0 -j2 -f ${at('staging')} bench; ${ownBackup(at('staging'), at('staged'))}`),
  ] as const;
  const contenders: readonly (readonly [string, () => Promise<{ wallSeconds: number }>])[] = [
    ['pg_dump -Fd -Z0 -j2 (the floor)', () => shell(`pg_dump -Fd -Z0 -j2 -f ${at('floor')} bench`)],
    [
      'resguardo, the start of Node included',
      async () => {
        const measured = await ours('backup', binDir, at('repository'));
        inWorker.push(z.object({ seconds: z.number() }).parse(measured.printed).seconds);
        return measured;
      },
    ],
    ...(values.tried === true ? [staged] : []),
    ['pg_dump -Fc', () => shell(`pg_dump -Fc -f ${at('custom')} bench`)],
    ['pg_dump | zstd -3', () => shell(`pg_dump bench | zstd -q -3 > ${at('zstd')}`)],
    [
      'pg_dump | zstd -3 | age',
      () => shell(`pg_dump bench | zstd -q -3 | age -R ${at('key.pub')} > ${at('age')}`),
    ],
    ['pgBackRest, full, two processes, zstd -3, encrypted', () => pgBackRest(stage)],
  ];
  const seconds = new Map<string, number[]>();
  for (let run = 0; run < runs; run += 1) {
    for (const made of [...kept, ...removed]) await remove(made);
    // Made once for all backups, as the stanza of pgBackRest is.
    await ours('init', binDir, at('repository'));
    for (const [what, work] of contenders) {
      const measured = await work().catch((error: unknown) => void console.log(`${what}: ${error}`));
      if (measured) seconds.set(what, [...(seconds.get(what) ?? []), measured.wallSeconds]);
    }
  }
  for (const made of removed) await remove(made);
  seconds.set('resguardo, as a worker does it, which runs already', inWorker);
  return [...seconds].map(([what, all]) => ({ id: 'P11', what: `${what}, s`, values: all }));
}

function ownBackup(folder: string, repository: string): string {
  const command = [process.execPath, ...commandFlags, path.join(here, '..', 'cli', 'main.ts'), 'repo'].join(
    ' ',
  );
  const options = `--repo ${repository} --quiet`;
  return `export RESGUARDO_PASSWORD=bench; ${command} init ${options}; ${command} backup ${folder} ${options}`;
}

/** Copies the files of the server, of which the database is nearly all. WAL is left out, which favours it. */
async function pgBackRest({ folder, dataDir, socketFolder, port, shell }: Stage) {
  const place = path.join(folder, 'pgbackrest');
  const options = [
    ...['--stanza=bench', `--pg1-path=${dataDir}`, `--pg1-socket-path=${socketFolder}`, `--pg1-port=${port}`],
    ...[`--repo1-path=${place}/repository`, `--lock-path=${place}`, `--log-path=${place}`],
    ...['--repo1-cipher-type=aes-256-cbc', '--no-config', '--log-level-console=error'],
  ].join(' ');
  const prefix = `export PGBACKREST_REPO1_CIPHER_PASS=bench; mkdir -p ${place}`;
  await shell(`${prefix}; pgbackrest ${options} stanza-create`);
  const copy =
    '--type=full --no-archive-check --start-fast --process-max=2 --compress-type=zst --compress-level=3';
  return await shell(`${prefix}; pgbackrest ${options} ${copy} backup`);
}

async function restores({ folder, binDir, shell, ours }: Stage): Promise<readonly Row[]> {
  const theirs: number[] = [];
  const whole: number[] = [];
  const loads: number[] = [];
  const parts = new Map<string, number[]>();
  for (let run = 0; run < runs; run += 1) {
    await shell('dropdb --if-exists --force floor; createdb floor');
    const floor = await shell(`pg_restore -j2 -d floor ${path.join(folder, 'floor')}`);
    theirs.push(floor.wallSeconds);
    await shell('dropdb --if-exists --force ours');
    const { wallSeconds, printed } = await ours('restore', binDir, path.join(folder, 'repository'), 'ours');
    whole.push(wallSeconds);
    const measured = partsOf(printed);
    loads.push(
      measured.filter(([part]) => part.includes('data')).reduce((sum, [, seconds]) => sum + seconds, 0),
    );
    for (const [part, seconds] of measured) parts.set(part, [...(parts.get(part) ?? []), seconds]);
  }
  await shell('dropdb --if-exists --force floor; dropdb --if-exists --force ours');
  return [
    { id: 'P12', what: 'pg_restore -j2 from a plain folder, s', values: theirs },
    { id: 'P12', what: 'resguardo, the load alone, s', values: loads },
    { id: 'P18', what: 'resguardo, from the command to the checked copy, s', values: whole },
    ...[...parts].map(([part, all]) => ({ id: 'P18', what: `of that: ${part}, s`, values: all })),
  ];
}

/** Bytes that the next backup stores, beside a fresh compressed dump. */
async function dayTwo({ folder, binDir, sql, shell, ours }: Stage): Promise<readonly Row[]> {
  const repository = path.join(folder, 'repository');
  const custom = path.join(folder, 'custom');
  const changes = [
    ['nothing', 'SELECT 1'],
    [
      'the newest 1 %',
      `UPDATE pgbench_accounts SET abalance = abalance + 1
       WHERE aid > (SELECT max(aid) * 0.99 FROM pgbench_accounts)`,
    ],
    ['1 % anywhere', 'UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid % 100 = 7'],
  ] as const;
  const rows: Row[] = [];
  const restic = await ensureRestic('0.19.1');
  const beside = path.join(folder, 'restic');
  await shell(
    `export RESTIC_PASSWORD=bench; ${restic} -q -r ${beside} init; ${resticBackup(restic, beside)}`,
  );
  for (const [what, change] of changes) {
    await sql(change);
    const before = await bytesIn(repository);
    await ours('backup', binDir, repository);
    rows.push({
      id: 'P13',
      what: `resguardo after ${what} changed, bytes`,
      values: [(await bytesIn(repository)) - before],
    });
    const theirs = await bytesIn(beside);
    await shell(resticBackup(restic, beside));
    rows.push({
      id: 'P13',
      what: `pg_dump | restic after ${what} changed, bytes`,
      values: [(await bytesIn(beside)) - theirs],
    });
  }
  await shell(`rm ${custom}; pg_dump -Fc -f ${custom} bench`);
  rows.push({ id: 'P13', what: 'a fresh pg_dump -Fc, bytes', values: [(await stat(custom)).size] });
  return rows;
}

/** As its manual says that databases are backed up: a plain dump as a stream. */
function resticBackup(restic: string, repository: string): string {
  return `export RESTIC_PASSWORD=bench; pg_dump bench | ${restic} -q -r ${repository} backup --stdin --stdin-filename bench.sql`;
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
