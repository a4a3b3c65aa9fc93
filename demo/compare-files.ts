import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface FileComparison {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly bytes: number;
  /** A sentence for each difference. */
  readonly differences: readonly string[];
  /** Files that were changed after the backup had begun, and are not compared. */
  readonly changedSince: readonly string[];
}

export interface FileQuestion {
  /** Absolute paths that were backed up. */
  readonly paths: readonly string[];
  /** Folder that they were restored into, under their whole paths. */
  readonly target: string;
  /** What was changed later than this cannot be compared. */
  readonly backupBeganAt: Date;
}

/** Compares two trees: types, content, modes, owners, times, targets of links, and which names are one file. */
export async function compareFiles(question: FileQuestion): Promise<FileComparison> {
  const comparison = new Comparison(question);
  for (const path of question.paths) await comparison.compare(path);
  return comparison;
}

class Comparison implements FileComparison {
  files = 0;
  folders = 0;
  links = 0;
  bytes = 0;
  readonly differences: string[] = [];
  readonly changedSince: string[] = [];
  readonly #question: FileQuestion;
  /** First name of each file with several names, original's inode → restored inode. */
  readonly #inodes = new Map<bigint, bigint>();

  constructor(question: FileQuestion) {
    this.#question = question;
  }

  async compare(path: string): Promise<void> {
    const original = await lstat(path, { bigint: true });
    const copyPath = join(this.#question.target, path);
    const copy = await lstat(copyPath, { bigint: true }).catch(() => undefined);
    const hasChanged = Number(original.ctimeMs) >= this.#question.backupBeganAt.getTime();
    if (hasChanged) this.changedSince.push(path);
    else if (!copy) this.differences.push(`${path} is missing`);
    if (!copy || (hasChanged && !original.isDirectory())) return;
    if (!hasChanged) this.#compareMetadata(path, original, copy);
    if (original.isDirectory()) await this.#compareFolder(path, copyPath, hasChanged);
    else if (original.isSymbolicLink()) await this.#compareLink(path, copyPath);
    else if (original.isFile()) await this.#compareContent(path, copyPath, original.size);
  }

  #compareMetadata(path: string, original: BigIntStats, copy: BigIntStats): void {
    const fields = ['mode', 'uid', 'gid', 'mtimeNs'] as const;
    for (const field of fields) {
      if (original[field] === copy[field]) continue;
      this.differences.push(`${path}: ${field} ${original[field]} became ${copy[field]}`);
    }
    if (original.isDirectory() || original.nlink < 2n) return;
    const known = this.#inodes.get(original.ino);
    if (known === undefined) this.#inodes.set(original.ino, copy.ino);
    else if (known !== copy.ino)
      this.differences.push(`${path}: it is no longer one file with its other name`);
  }

  async #compareFolder(path: string, copyPath: string, hasChanged: boolean): Promise<void> {
    this.folders += 1;
    const names = await readdir(path);
    const copies = new Set(await readdir(copyPath));
    for (const name of names) {
      copies.delete(name);
      await this.compare(join(path, name));
    }
    // What was removed since is no difference.
    if (hasChanged) return;
    for (const name of copies) this.differences.push(`${join(path, name)} is not in the original`);
  }

  async #compareLink(path: string, copyPath: string): Promise<void> {
    this.links += 1;
    const [original, copy] = await Promise.all([readlink(path), readlink(copyPath)]);
    if (original !== copy) this.differences.push(`${path}: the link to ${original} became one to ${copy}`);
  }

  async #compareContent(path: string, copyPath: string, size: bigint): Promise<void> {
    this.files += 1;
    this.bytes += Number(size);
    const [original, copy] = await Promise.all([hashFile(path), hashFile(copyPath)]);
    if (original !== copy) this.differences.push(`${path}: the content differs`);
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
