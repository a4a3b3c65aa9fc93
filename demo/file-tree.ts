import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  link,
  lutimes,
  mkdir,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Change it when the tree changes: then it is made anew. */
const treeVersion = '1';

/**
 * Makes a folder of files of many kinds, the same on every machine, unless an earlier run did: text, data that
 * does not compress, duplicates, empty and hidden files, links of both kinds, unusual names, modes and times.
 */
export async function ensureFileTree(folder: string): Promise<{ readonly isNew: boolean }> {
  const mark = join(folder, `.version-${treeVersion}`);
  const isThere = await access(mark).then(
    () => true,
    () => false,
  );
  if (isThere) return { isNew: false };
  const unfinished = `${folder}.unfinished`;
  for (const leftover of [folder, unfinished]) await rm(leftover, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await makeFiles(unfinished);
  await makeOddities(unfinished);
  await writeFile(join(unfinished, `.version-${treeVersion}`), '');
  await rename(unfinished, folder);
  return { isNew: true };
}

const projects = 20;
const filesInProject = 60;

async function makeFiles(folder: string): Promise<void> {
  for (let project = 0; project < projects; project += 1) {
    const place = join(folder, 'projects', `project-${project.toString().padStart(2, '0')}`);
    for (let number = 0; number < filesInProject; number += 1) {
      const file = join(place, number % 3 === 0 ? 'docs' : 'src', `file-${number}.txt`);
      await write(file, text(`${project}/${number}`, 200 + ((project * 31 + number * 7) % 400)));
    }
  }
  for (let number = 0; number < 6; number += 1) {
    await write(join(folder, 'pictures', `picture-${number}.raw`), noise(`picture ${number}`, 2_000_000));
  }
  // The same content under another name costs nothing.
  await write(join(folder, 'pictures', 'copy of picture-0.raw'), noise('picture 0', 2_000_000));
}

async function makeOddities(folder: string): Promise<void> {
  const odd = join(folder, 'odd');
  await write(join(odd, 'empty'), '');
  await write(join(odd, '.hidden'), 'hidden\n');
  await write(join(odd, 'space and "quotes" and $dollar'), 'name\n');
  await write(join(odd, 'größe-日本-🙂.txt'), 'unicode\n');
  await write(join(odd, 'line\nbreak'), 'name\n');
  await write(join(odd, `${'long-'.repeat(48)}name`), 'name\n');
  await write(join(odd, 'secret.env'), 'PASSWORD=none\n', 0o600);
  await write(join(odd, 'script.sh'), '#!/bin/sh\necho hello\n', 0o755);
  await write(join(odd, 'read-only'), 'no changes\n', 0o444);
  await write(join(odd, 'old'), 'from 1985\n');
  await utimes(join(odd, 'old'), 482_198_400, 482_198_400.123);
  await symlink('script.sh', join(odd, 'link'));
  await symlink('/nowhere/at/all', join(odd, 'dangling link'));
  await symlink('.', join(odd, 'link to itself'));
  await lutimes(join(odd, 'link'), 1_600_000_000, 1_600_000_000);
  await link(join(odd, 'old'), join(odd, 'another name of old'));
  await mkdir(join(odd, 'empty folder'));
  await mkdir(join(odd, 'private folder'));
  await write(join(odd, 'private folder', 'inside'), 'inside\n', 0o640);
  await chmod(join(odd, 'private folder'), 0o700);
  await utimes(join(odd, 'private folder'), 1_000_000_000, 1_000_000_000);
}

async function write(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, mode);
}

function text(seed: string, lines: number): string {
  const words = ['backup', 'restore', 'verify', 'snapshot', 'chunk', 'index', 'night', 'quiet'];
  const digest = createHash('sha256').update(seed).digest();
  return Array.from({ length: lines }, (_, line) => {
    const word = (shift: number): string => words[(digest[(line + shift) % 32] ?? 0) % words.length] ?? '';
    return `${seed} ${line}: ${word(0)} ${word(1)} ${word(2)} ${word(3)}`;
  }).join('\n');
}

function noise(seed: string, sizeBytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let size = 0, number = 0; size < sizeBytes; size += 32, number += 1) {
    blocks.push(createHash('sha256').update(`${seed} ${number}`).digest());
  }
  return Buffer.concat(blocks, sizeBytes);
}
