import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commandEnvironment, commandFlags } from '../../scripts/start.mjs';
import { ensurePostgres, type PostgresMajor } from '../../tools/postgres.ts';
import { startPostgres } from '../../tools/postgres-server.ts';
import { type Command, type Measurement, measure } from '../measure.ts';

const ours = fileURLToPath(new URL('../ours.ts', import.meta.url));

/** A server of its own with a database `bench`, filled by pgbench, and a folder for what is made of it. */
export interface Stage {
  readonly folder: string;
  readonly binDir: string;
  /** The data of the server, and the folder of its socket. */
  readonly dataDir: string;
  readonly socketFolder: string;
  readonly port: number;
  /** Runs SQL in the database. */
  sql(text: string): Promise<void>;
  /** Measures a shell command line, in which the programs of PostgreSQL and the connection are known. */
  shell(line: string): Promise<Measurement>;
  /** Measures bench/ours.ts, and returns what it has printed. */
  ours(...args: readonly string[]): Promise<Measurement & { readonly printed: unknown }>;
  remove(target: string): Promise<void>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly scale: number;
  readonly major: PostgresMajor;
  /** Folder that keeps the server's data for the next time. */
  readonly kept?: string;
}

const settings = {
  fsync: 'off',
  shared_buffers: '256MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '4GB',
};

export async function setStage(parent: string, { scale, major, kept }: StageOptions): Promise<Stage> {
  const { binDir } = await ensurePostgres(major);
  const folder = await mkdtemp(path.join(parent, 'databases-'));
  await chmod(folder, 0o755);
  const socketFolder = await mkdtemp(path.join(tmpdir(), 'bench-'));
  await chmod(socketFolder, 0o777);
  const dataDir = kept === undefined ? undefined : path.join(kept, `postgres-${major}-${scale}`);
  const isFilled = dataDir !== undefined && existsSync(dataDir);
  const server = await startPostgres({
    binDir,
    settings: { ...settings, unix_socket_directories: socketFolder },
    ...(dataDir !== undefined && { dataDir }),
  });
  const url = server.url.reveal().replace(/postgres$/, 'bench');
  const env = {
    PATH: `${binDir}:${process.env.PATH}`,
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password.reveal(),
    BENCH_URL: url,
  };
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, [...args], { env: { ...process.env, ...env } });
    return stdout;
  };
  if (!isFilled) {
    await run('createdb', ['bench']);
    await run('pgbench', ['--initialize', '--quiet', `--scale=${scale}`, 'bench']);
  }
  // As the command does it: what was compiled once is kept.
  const compiled = path.join(folder, 'compiled');
  const command = (argv: Command['argv']): Command => ({ argv, env });
  return {
    folder,
    binDir,
    ...{ dataDir: server.dataDir, socketFolder, port: server.port },
    sql: async (text) =>
      void (await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'bench', '-c', text])),
    shell: (line) => measure(command(['bash', '-o', 'pipefail', '-ec', line])),
    async ours(...args) {
      const result = path.join(folder, 'printed');
      const line = `"$0" ${commandFlags.join(' ')} ${ours} "$@" > ${result}`;
      const argv = ['bash', '-ec', line, process.execPath, ...args] as const;
      const measured = await measure({
        argv,
        env: { ...env, ...commandEnvironment, NODE_COMPILE_CACHE: compiled },
      });
      return { ...measured, printed: JSON.parse(await run('cat', [result])) };
    },
    remove: (target) => rm(path.join(folder, target), { recursive: true, force: true }),
    async close() {
      await server.stop();
      await rm(socketFolder, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
