import { randomFillSync } from 'node:crypto';
import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { seededRandom } from './random.ts';

const mebibyte = 1024 * 1024;

/** The tree ends at whichever comes first. */
const treeFiles = 36_700;
const treeBytes = 1_400_000_000;

/** Paths of what is backed up; each is made at the first call. */
export interface DataSets {
  /** A copy of files of this machine, up to 36,700 of them or 1.4 GB: sources, programs, documentation. */
  tree(): Promise<string>;
  /** 1 GiB of SQL text. */
  sql(): Promise<string>;
  /** The same with one row in a hundred changed. */
  nextSql(): Promise<string>;
  /** 1 GiB that does not compress. */
  random(): Promise<string>;
  /** 10 GiB that do not compress. */
  largeRandom(): Promise<string>;
  /** 1,000,000 files of some 100 bytes, a thousand in each folder. */
  manyFiles(): Promise<string>;
}

export async function dataSets(folder: string): Promise<DataSets> {
  await mkdir(folder, { recursive: true });
  const at = (name: string, make: (target: string) => Promise<void>) => (): Promise<string> =>
    once(path.join(folder, name), make);
  return {
    tree: at('tree', makeTree),
    sql: at('dump.sql', (target) => makeSql(target, 0)),
    nextSql: at('next-day.sql', (target) => makeSql(target, 0.01)),
    random: at('random.bin', (target) => makeRandom(target, 1024)),
    largeRandom: at('large-random.bin', (target) => makeRandom(target, 10 * 1024)),
    manyFiles: at('many-files', makeManyFiles),
  };
}

async function once(target: string, make: (target: string) => Promise<void>): Promise<string> {
  if (existsSync(target)) return target;
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await make(unfinished);
  await rename(unfinished, target);
  return target;
}

/** Copies what every machine has: packages, programs, libraries, documentation. */
async function makeTree(target: string): Promise<void> {
  const packages = fileURLToPath(new URL('../node_modules', import.meta.url));
  let files = 0;
  let sizeBytes = 0;
  for (const origin of [packages, '/usr/share', '/usr/lib', '/usr/include', '/usr/local']) {
    for await (const file of regularFiles(origin)) {
      if (files >= treeFiles || sizeBytes >= treeBytes) return;
      const copy = path.join(target, file);
      await mkdir(path.dirname(copy), { recursive: true });
      await copyFile(file, copy);
      files += 1;
      sizeBytes += (await stat(copy)).size;
    }
  }
}

async function* regularFiles(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* regularFiles(file);
    else if (entry.isFile()) yield file;
  }
}

/** @param changed share of the rows that are others than in a text made with 0 */
async function makeSql(target: string, changed: number): Promise<void> {
  const random = seededRandom(2);
  const change = seededRandom(3);
  const words = vocabulary(random, 20_000);
  function* rows(): Generator<string> {
    let id = 0;
    for (let written = 0; written < 1024 * mebibyte; ) {
      const lines: string[] = [];
      for (let line = 0; line < 1000; line += 1) {
        id += 1;
        const row = sqlRow(id, random, words);
        lines.push(change() < changed ? row.replace("'2026-", "'2027-") : row);
      }
      const block = `${lines.join('\n')}\n`;
      written += block.length;
      yield block;
    }
  }
  await pipeline(Readable.from(rows()), createWriteStream(target));
}

async function makeRandom(target: string, mebibytes: number): Promise<void> {
  function* blocks(): Generator<Buffer> {
    for (let index = 0; index < mebibytes; index += 1) yield randomFillSync(Buffer.allocUnsafe(mebibyte));
  }
  await pipeline(Readable.from(blocks()), createWriteStream(target));
}

function vocabulary(random: () => number, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(random() * 9);
    return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
  });
}

function sqlRow(id: number, random: () => number, words: readonly string[]): string {
  const word = () => words[Math.floor(random() ** 2 * words.length)] ?? '';
  const day = 1 + Math.floor(random() * 28);
  const amount = (random() * 10_000).toFixed(2);
  return `INSERT INTO orders VALUES (${id}, '2026-${1 + (id % 12)}-${day}', '${word()} ${word()}', ${amount}, '${word()}@${word()}.example', '{"state":"${word()}","items":${Math.floor(random() * 20)}}');`;
}

async function makeManyFiles(target: string): Promise<void> {
  const random = seededRandom(4);
  for (let folder = 0; folder < 1000; folder += 1) {
    const parent = path.join(target, `folder-${folder}`);
    await mkdir(parent, { recursive: true });
    for (let file = 0; file < 1000; file += 1) {
      writeFileSync(path.join(parent, `file-${file}`), `${folder} ${file} ${random()}\n`.repeat(3));
    }
  }
}
