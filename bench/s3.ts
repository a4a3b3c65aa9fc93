/**
 * P10: backups to one MinIO over a line with latency, against restic on the same MinIO:
 * `npm run bench:s3 -- [--runs N] [--latency 0,20,100] [FOLDER]`; without a folder, the packages of this project.
 * Both work without a cache. Repositories are made and filled without latency; what is measured goes through it.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandEnvironment, commandFlags } from '../scripts/start.mjs';
import { ensureMinio } from '../tools/minio.ts';
import { startMinio } from '../tools/minio-server.ts';
import { ensureRestic } from '../tools/restic.ts';
import { type Command, measure, median } from './measure.ts';
import { makeBucket, startLine } from './minio-line.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const options = {
  runs: { type: 'string', default: '3' },
  latency: { type: 'string', default: '20' },
} as const;
const { values, positionals } = parseArgs({ allowPositionals: true, options });
const folder = positionals[0] ?? file('../node_modules');

const server = await startMinio({ executable: await ensureMinio() });
try {
  const restic = await ensureRestic('0.19.1');
  for (const latencyMs of values.latency.split(',').map(Number)) {
    await using line = await startLine(server, latencyMs);
    const seconds = { ours: figures(), theirs: figures() };
    for (let run = 0; run < Number(values.runs); run += 1) {
      for (const [who, tool] of [
        ['ours', resguardo],
        ['theirs', resticBy(restic)],
      ] as const) {
        const bucket = `p10-${who}-${latencyMs}-${run}`;
        await makeBucket(server, bucket);
        const repository = (origin: string): string => `s3:${origin}/${bucket}`;
        await measure(tool(repository(server.endpoint), 'init'));
        const through = repository(line.origin);
        seconds[who].first.push((await measure(tool(through, 'backup', folder))).wallSeconds);
        seconds[who].unchanged.push((await measure(tool(through, 'backup', folder))).wallSeconds);
      }
    }
    print(latencyMs, seconds);
  }
} finally {
  await server.stop();
}

interface Figures {
  readonly first: number[];
  readonly unchanged: number[];
}

function figures(): Figures {
  return { first: [], unchanged: [] };
}

function print(
  latencyMs: number,
  { ours, theirs }: { readonly ours: Figures; readonly theirs: Figures },
): void {
  for (const kind of ['first', 'unchanged'] as const) {
    const [we, they] = [median(ours[kind]), median(theirs[kind])];
    const ratio = (we / they).toFixed(2);
    console.log(
      `P10 ${kind.padEnd(9)} ${latencyMs} ms: resguardo ${we.toFixed(1)} s, restic ${they.toFixed(1)} s, ratio ${ratio}`,
    );
  }
}

type Tool = (repository: string, ...args: readonly string[]) => Command;

function environment(): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = server;
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    RESTIC_PASSWORD: 'bench',
  };
}

function resguardo(repository: string, ...args: readonly string[]): Command {
  const argv = [process.execPath, ...commandFlags, file('../cli/main.mjs'), 'repo', ...args] as const;
  return {
    argv: [...argv, '--repo', repository, '--quiet'],
    env: { ...commandEnvironment, ...environment() },
  };
}

function resticBy(executable: string): Tool {
  return (repository, ...args) => ({
    argv: [executable, '-r', repository, '--no-cache', '--quiet', ...args],
    env: environment(),
  });
}
