/**
 * P19: three copies from one read, against the slowest of three direct backups:
 * `npm run bench:copies -- [--runs N] [--latency MS] [--upload MIB] [--size MIB]`. The first repository and one copy
 * are folders, the other copy is on MinIO over a line with latency, and with `--upload` MiB/s at most.
 * Half of the data does not compress; the source is put away before the first copy begins.
 */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { randomKeyCost } from '../repository/crypto/key-derivation.ts';
import { Repository } from '../repository/repository.ts';
import type { Secret } from '../secrets/secret.ts';
import { makeKeyFile } from '../setup/key-file.ts';
import { openStore } from '../stores/open.ts';
import { ensureMinio } from '../tools/minio.ts';
import { startMinio } from '../tools/minio-server.ts';
import { type CopiesRun, copiesRun } from './copies-result.ts';
import { median } from './measure.ts';
import { makeBucket, startLine } from './minio-line.ts';

const mebibyte = 1024 * 1024;
const execute = promisify(execFile);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const options = {
  runs: { type: 'string', default: '3' },
  latency: { type: 'string', default: '20' },
  upload: { type: 'string', default: '0' },
  size: { type: 'string', default: '300' },
} as const;
const { values } = parseArgs({ options });

const server = await startMinio({ executable: await ensureMinio() });
const place = await mkdtemp(path.join(tmpdir(), 'resguardo-bench-'));
/** As `resguardo init` makes it: a key that is no password opens without the dear kind of scrypt. */
const key = path.join(place, 'key');
try {
  await using line = await startLine(server, Number(values.latency));
  const password = await makeKeyFile(key);
  const source = path.join(place, 'source');
  await makeSource(source, Number(values.size));
  const three: CopiesRun[] = [];
  const direct: Record<'folder' | 'minio', CopiesRun[]> = { folder: [], minio: [] };
  for (let run = 0; run < Number(values.runs); run += 1) {
    const folders = async (name: string): Promise<string> =>
      await made(path.join(place, `${name}-${run}`), password);
    const minio = async (name: string): Promise<string> => {
      const bucket = `p19-${name}-${run}`;
      await makeBucket(server, bucket);
      await made(`s3:${server.endpoint}/${bucket}`, password);
      return `s3:${line.origin}/${bucket}`;
    };
    direct.folder.push(await timed(source, await folders('direct')));
    direct.minio.push(await timed(source, await minio('direct')));
    three.push(await timed(source, await folders('first'), await folders('copy'), await minio('copy')));
  }
  print(three, direct);
} finally {
  await rm(place, { recursive: true, force: true });
  await server.stop();
}

function environment(): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey } = server;
  return {
    ...process.env,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    RESTIC_PASSWORD_FILE: key,
    BENCH_UPLOAD_BYTES_PER_SECOND: String(Number(values.upload) * mebibyte),
  };
}

/** A new repository, whose making is not measured. */
async function made(url: string, password: Secret): Promise<string> {
  const s3 = { accessKeyId: 'env:AWS_ACCESS_KEY_ID', secretAccessKey: 'env:AWS_SECRET_ACCESS_KEY' };
  const store = await openStore(url, { env: environment(), s3 });
  const repository = await Repository.init(store, password, { scryptCost: randomKeyCost });
  await repository.close();
  return url;
}

async function timed(source: string, ...repositories: readonly string[]): Promise<CopiesRun> {
  const args = [file('copies-run.ts'), source, ...repositories];
  const { stdout } = await execute(process.execPath, args, { env: environment() });
  return copiesRun.parse(JSON.parse(stdout));
}

/** Files of 1 MiB: every second one is text of hexadecimal digits, which half of its size is enough for. */
async function makeSource(folder: string, mebibytes: number): Promise<void> {
  await mkdir(folder);
  for (let index = 0; index < mebibytes; index += 1) {
    const bytes = randomFillSync(Buffer.alloc(index % 2 === 0 ? mebibyte : mebibyte / 2));
    await writeFile(path.join(folder, String(index)), index % 2 === 0 ? bytes : bytes.toString('hex'));
  }
}

function print(
  three: readonly CopiesRun[],
  { folder, minio }: { readonly folder: readonly CopiesRun[]; readonly minio: readonly CopiesRun[] },
): void {
  const of = (runs: readonly CopiesRun[], figure: (run: CopiesRun) => number | undefined): number =>
    median(runs.map((run) => figure(run) ?? Number.NaN));
  const text = (seconds: number): string => `${seconds.toFixed(2)} s`;
  const total = of(three, ({ seconds }) => seconds);
  const single = [folder, minio].map((runs) => of(runs, ({ seconds }) => seconds));
  const [toFolder = Number.NaN, toMinio = Number.NaN] = single;
  const parts = [
    `backup ${text(of(three, ({ backupSeconds }) => backupSeconds))}`,
    `copy to the folder ${text(of(three, ({ copySeconds }) => copySeconds[0]))}`,
    `copy to MinIO ${text(of(three, ({ copySeconds }) => copySeconds[1]))}`,
  ];
  const read = of(three, ({ readBytes, sourceBytes }) => readBytes / sourceBytes);
  console.log(`P19 three copies ${text(total)}: ${parts.join(', ')}`);
  console.log(`P19 direct backups: to a folder ${text(toFolder)}, to MinIO ${text(toMinio)}`);
  console.log(`P19 ratio ${(total / Math.max(...single)).toFixed(2)}; source read ${read.toFixed(2)} times`);
}
