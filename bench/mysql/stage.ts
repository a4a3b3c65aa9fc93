import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { startMysqlServer } from '../../tools/mysql-server.ts';
import { type Command, type Measurement, measure } from '../measure.ts';

const ours = fileURLToPath(new URL('../ours.ts', import.meta.url));

/** A MariaDB of its own with a database `bench`, and a folder for what is made of it. */
export interface Stage {
  readonly folder: string;
  readonly binDir: string;
  /** Words that connect a program of MariaDB. */
  readonly connect: string;
  /** Runs SQL in the database. */
  sql(text: string): Promise<void>;
  /** Measures a shell command line, in which the programs of MariaDB are known. */
  shell(line: string): Promise<Measurement>;
  /** Measures what a worker does for a source, and returns what it has printed. */
  ours(...args: readonly string[]): Promise<Measurement & { readonly printed: unknown }>;
  close(): Promise<void>;
}

/** Two tables of as many rows, one with rows of equal length and one with rows of 40 to 190 bytes. */
export async function setStage(parent: string, rows: number): Promise<Stage> {
  const tools = await ensureMariadb();
  const folder = await mkdtemp(path.join(parent, 'mysql-'));
  const { host, port, user, stop } = await startMysqlServer({
    tools,
    settings: {
      'innodb-flush-log-at-trx-commit': '0',
      'innodb-doublewrite': 'OFF',
      'innodb-buffer-pool-size': '256M',
      'innodb-log-file-size': '256M',
      'sync-binlog': '0',
    },
  });
  const { binDir } = tools;
  const connect = `--no-defaults -h${host} -P${port} -u${user}`;
  const env = { PATH: `${binDir}:${process.env.PATH}`, BENCH_URL: `mysql://${user}@${host}:${port}/bench` };
  const run = async (program: string, args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, [...args], { env: { ...process.env, ...env } });
    return stdout;
  };
  const execute = async (database: string, text: string): Promise<void> =>
    void (await run('mariadb', [...connect.split(' '), '-D', database, '-e', text]));
  const command = (argv: Command['argv']): Command => ({ argv, env });
  await execute('mysql', 'CREATE DATABASE bench');
  await execute(
    'bench',
    `CREATE TABLE equal (id int PRIMARY KEY, word char(32));
     INSERT INTO equal SELECT 100000000 + seq * 10, md5(seq) FROM seq_1_to_${rows};
     CREATE TABLE mixed (id int PRIMARY KEY, words varchar(200), share double);
     INSERT INTO mixed SELECT 100000000 + seq * 10, repeat(md5(seq), 1 + seq % 5), rand(seq) FROM seq_1_to_${rows};`,
  );
  return {
    folder,
    binDir,
    connect,
    sql: (text) => execute('bench', text),
    shell: (line) => measure(command(['bash', '-o', 'pipefail', '-ec', line])),
    async ours(...args) {
      const result = path.join(folder, 'printed');
      const line = `"$0" ${ours} "$@" > ${result}`;
      const measured = await measure(command(['bash', '-ec', line, process.execPath, ...args]));
      return { ...measured, printed: JSON.parse(await run('cat', [result])) };
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
