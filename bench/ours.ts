/**
 * What a worker does for a source of PostgreSQL or MySQL, without Temporal, to be measured from outside:
 *
 * ours.ts init BIN REPOSITORY | ours.ts backup BIN REPOSITORY | ours.ts restore BIN REPOSITORY TARGET        with BENCH_URL in the environment
 *
 * The repository is made when it is missing. Prints JSON: seconds of each part, bytes.
 */
import { existsSync } from 'node:fs';
import type { ResolvedSource } from '../contracts/jobs.ts';
import { programHost } from '../programs/host.ts';
import { archive } from '../repository/archive/archiver.ts';
import { Repository } from '../repository/repository.ts';
import { createMysqlRestorer } from '../restore/mysql/database-restorer.ts';
import { createPostgresRestorer } from '../restore/postgres/database-restorer.ts';
import { Secret } from '../secrets/secret.ts';
import { parseMysqlUrl } from '../sources/mysql/connection.ts';
import { createMysqlSource } from '../sources/mysql/source.ts';
import { parsePostgresUrl } from '../sources/postgres/connection.ts';
import { createPostgresSource } from '../sources/postgres/source.ts';
import { openStore } from '../stores/open.ts';

const [command, binDir = '', folder = '', target = ''] = process.argv.slice(2);
const url = process.env.BENCH_URL ?? '';
const databases = [new URL(url).pathname.slice(1)];
const isMysql = url.startsWith('mysql:');
const password = new Secret('bench');
const { signal } = new AbortController();

async function open(): Promise<Repository> {
  const store = await openStore(folder);
  if (!existsSync(folder)) return await Repository.init(store, password);
  const repository = await Repository.open(store, password);
  await repository.loadIndex();
  return repository;
}

async function backup(repository: Repository): Promise<void> {
  const options = { name: 'bench', databases, binDir };
  const source = isMysql
    ? createMysqlSource({ ...options, connection: parseMysqlUrl(new Secret(url)) })
    : createPostgresSource({ ...options, connection: parsePostgresUrl(new Secret(url)) });
  const writer = await repository.openWriter();
  const roots = source.capture({ signal, warn: () => {} });
  const { tree, summary } = await archive({ repository, writer, roots, signal });
  await writer.finish();
  await source.close();
  await repository.commitSnapshot({
    time: new Date().toISOString(),
    tree,
    paths: source.paths,
    hostname: 'bench',
    username: 'bench',
    tags: ['source:bench'],
    programVersion: 'resguardo bench',
  });
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  console.log(
    JSON.stringify({ seconds, stored: summary.dataAddedPacked, read: summary.totalBytesProcessed }),
  );
}

async function restore(repository: Repository): Promise<void> {
  const { id, tree, time } = await repository.findSnapshot('latest', { source: 'bench' });
  const options = { source: 'bench', host: programHost(process.env), binDir };
  const restorer = isMysql
    ? createMysqlRestorer({ ...options, connection: parseMysqlUrl(new Secret(url)) })
    : createPostgresRestorer({ ...options, connection: parsePostgresUrl(new Secret(url)) });
  const work = { reader: repository, tree, signal, onProgress: () => {} };
  const parts: Record<string, number> = {};
  const timed = async <T>(part: string, step: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await step();
    parts[part] = Math.round(performance.now() - start) / 1000;
    return result;
  };
  const place: ResolvedSource = {
    source: 'bench',
    kind: isMysql ? 'mysql' : 'postgres',
    ...{ host: 'bench', queue: '', repository: '', paths: [] },
    ...{ username: '', programVersion: '', tags: [], copies: [], heartbeatTimeoutMs: 0, hostTimeoutMs: 0 },
  };
  const plan = await timed('look', () =>
    restorer.plan(
      {
        ...{ source: place, to: place, snapshot: 'latest', target, include: databases, tables: [] },
        ...{ runId: String(process.pid), startedAt: new Date().toISOString() },
      },
      { snapshot: id, snapshotTime: time, tree },
      work,
    ),
  );
  for (const database of plan.databases) {
    await timed('prepare', () => restorer.prepare(database, plan, work));
    for (const section of database.sections) {
      await timed(section, () => restorer.load({ database, section }, plan, work));
    }
    await timed('analyse', () => restorer.finish(database, plan, work));
    const checks = await timed('compare', () => restorer.compare(database, plan, work));
    if (checks.some(({ passed }) => !passed)) throw new Error(`It differs: ${JSON.stringify(checks)}`);
  }
  await timed('swap', () => restorer.swap(plan, work));
  console.log(JSON.stringify({ parts }));
}

const startedAt = performance.now();
const repository = await open();
if (command === 'restore') await restore(repository);
else if (command === 'backup') await backup(repository);
else console.log(JSON.stringify({}));
await repository.close();
