/**
 * What a worker does for a source with copies, without Temporal, in a process of its own to be measured:
 *
 * copies-run.ts FOLDER FIRST [COPY…]        backs FOLDER up into FIRST, then copies into all others at once
 *
 * The repositories are there and empty. While it copies, the folder is away under another name. Prints JSON: a
 * `CopiesRun`.
 */
import { readFile, rename } from 'node:fs/promises';
import { archive } from '../repository/archive/archiver.ts';
import { copySnapshots } from '../repository/copy.ts';
import { Repository } from '../repository/repository.ts';
import { Secret } from '../secrets/secret.ts';
import { createFilesSource } from '../sources/files/source.ts';
import { Bandwidth } from '../stores/network/limits.ts';
import { openStore } from '../stores/open.ts';
import type { CopiesRun } from './copies-result.ts';

const [folder = '', first = '', ...others] = process.argv.slice(2);
const uploadBytesPerSecond = Number(process.env.BENCH_UPLOAD_BYTES_PER_SECOND ?? 0) || undefined;
const password = (await readFile(process.env.RESTIC_PASSWORD_FILE ?? '', 'utf8')).trim();
const { signal } = new AbortController();

async function open(url: string): Promise<Repository> {
  const bandwidth = new Bandwidth({ uploadBytesPerSecond });
  const store = await openStore(url, { env: process.env, bandwidth });
  return await Repository.open(store, new Secret(password));
}

/** Bytes that all threads have read by system calls (proc(5), `io`). */
async function readSoFar(): Promise<number> {
  return Number(/^rchar: (\d+)/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}

async function backUp() {
  const start = performance.now();
  await using repository = closing(await open(first));
  await repository.at.loadIndex();
  const source = createFilesSource({ paths: [folder] });
  const writer = await repository.at.openWriter();
  const readBefore = await readSoFar();
  const roots = source.capture({ signal, warn: () => {} });
  const { tree, summary } = await archive({ repository: repository.at, writer, roots, signal });
  await writer.finish();
  const readBytes = (await readSoFar()) - readBefore;
  await repository.at.commitSnapshot({
    ...{ time: new Date().toISOString(), tree, paths: source.paths, hostname: 'bench', username: 'bench' },
    ...{ tags: ['source:bench'], programVersion: 'resguardo bench' },
  });
  const backupSeconds = secondsSince(start);
  return { backupSeconds, readBytes, sourceBytes: summary.totalBytesProcessed };
}

async function copyInto(url: string): Promise<number> {
  const start = performance.now();
  await using from = closing(await open(first));
  await using to = closing(await open(url));
  const snapshots = await Array.fromAsync(from.at.snapshots(signal));
  const { copied } = await copySnapshots({ from: from.at, to: to.at, snapshots, signal });
  if (copied.length !== 1) throw new Error(`${copied.length} snapshots were copied into ${url}.`);
  return secondsSince(start);
}

function closing(at: Repository) {
  return { at, [Symbol.asyncDispose]: () => at.close() };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

const backup = await backUp();
const away = `${folder}.away`;
await rename(folder, away);
try {
  const copySeconds = await Promise.all(others.map(copyInto));
  const run: CopiesRun = { ...backup, copySeconds, seconds: performance.now() / 1000 };
  console.log(JSON.stringify(run));
} finally {
  await rename(away, folder);
}
