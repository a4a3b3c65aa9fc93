import { randomFillSync } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seededRandom } from './random.ts';

const mebibyte = 1024 * 1024;

export interface DataSets {
  /** A folder of some 36,700 files, 1.4 GB: mostly small text files, some of several MiB. */
  readonly tree: string;
  /** 1 GiB of SQL text. */
  readonly sql: string;
  /** 1 GiB that does not compress. */
  readonly random: string;
}

/** Makes the data that is not there yet; the tree and the SQL text are the same on every machine. */
export async function prepareData(folder: string): Promise<DataSets> {
  await mkdir(folder, { recursive: true });
  return {
    tree: await once(path.join(folder, 'tree'), makeTree),
    sql: await once(path.join(folder, 'dump.sql'), makeSql),
    random: await once(path.join(folder, 'random.bin'), makeRandom),
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

async function makeTree(target: string): Promise<void> {
  const random = seededRandom(1);
  const words = vocabulary(random, 4000);
  for (let index = 0; index < 36_700; index += 1) {
    const folder = path.join(target, `package-${index % 367}`, `part-${Math.floor(index / 367) % 10}`);
    if (index % 367 === 0 || index < 3670) await mkdir(folder, { recursive: true });
    // Sizes spread like those of source trees: most are a few KB, one in a hundred is megabytes.
    const sizeBytes = index % 100 === 0 ? 1.4 * mebibyte + random() * mebibyte : 500 + random() ** 3 * 80_000;
    await writeFile(path.join(folder, `file-${index}.txt`), text(random, words, sizeBytes));
  }
}

async function makeSql(target: string): Promise<void> {
  const random = seededRandom(2);
  const words = vocabulary(random, 20_000);
  function* rows(): Generator<string> {
    let id = 0;
    for (let written = 0; written < 1024 * mebibyte; ) {
      const lines: string[] = [];
      for (let line = 0; line < 1000; line += 1) {
        id += 1;
        lines.push(sqlRow(id, random, words));
      }
      const block = `${lines.join('\n')}\n`;
      written += block.length;
      yield block;
    }
  }
  await pipeline(Readable.from(rows()), createWriteStream(target));
}

async function makeRandom(target: string): Promise<void> {
  function* blocks(): Generator<Buffer> {
    for (let index = 0; index < 1024; index += 1) yield randomFillSync(Buffer.allocUnsafe(mebibyte));
  }
  await pipeline(Readable.from(blocks()), createWriteStream(target));
}

function vocabulary(random: () => number, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(random() * 9);
    return Array.from({ length }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join('');
  });
}

function text(random: () => number, words: readonly string[], sizeBytes: number): string {
  const parts: string[] = [];
  for (let length = 0; length < sizeBytes; ) {
    // The square makes some words common and most rare, as in real text.
    const word = words[Math.floor(random() ** 2 * words.length)] ?? '';
    const end = random() < 0.12 ? '\n' : ' ';
    parts.push(word, end);
    length += word.length + 1;
  }
  return parts.join('');
}

function sqlRow(id: number, random: () => number, words: readonly string[]): string {
  const word = () => words[Math.floor(random() ** 2 * words.length)] ?? '';
  const day = 1 + Math.floor(random() * 28);
  const amount = (random() * 10_000).toFixed(2);
  return `INSERT INTO orders VALUES (${id}, '2026-${1 + (id % 12)}-${day}', '${word()} ${word()}', ${amount}, '${word()}@${word()}.example', '{"state":"${word()}","items":${Math.floor(random() * 20)}}');`;
}
