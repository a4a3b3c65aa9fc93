import { hash } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreCheck } from '../../contracts/jobs.ts';
import type { BlobReader } from '../../repository/blobs.ts';
import { IncludedPaths } from '../../repository/restore/include.ts';
import { nodeTypeOfMode, posixPermissions } from '../../repository/tree/file-mode.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { RepeatLimit } from '../../repository/tree/repeat-limit.ts';
import { printablePath, subtreeOf } from '../../repository/tree/walk.ts';
import type { RestoreJob } from '../restorer.ts';

/** Differences that are named one by one; the others are counted. */
const listedDifferences = 20;

type CompareJob = Pick<
  RestoreJob,
  'reader' | 'tree' | 'target' | 'include' | 'inPlace' | 'signal' | 'onProgress'
>;

/**
 * Compares a restored folder with the snapshot's trees: which items are there, their types, permissions and
 * modification times, where links point to, and the content, whose SHA-256 is taken anew from what is on disk
 * and compared with the ids of the blobs. In place, other things may lie beside them. Owners are
 * left out, since only root can restore them.
 */
export async function compareFiles(job: CompareJob): Promise<readonly RestoreCheck[]> {
  const comparison = new Comparison(job);
  await comparison.folder(job.tree, Buffer.from(job.target), IncludedPaths.of(job.include));
  return comparison.checks();
}

class Comparison {
  readonly #job: CompareJob;
  readonly #differences: RestoreCheck[] = [];
  readonly #repeats = new RepeatLimit();
  #differenceCount = 0;
  #items = 0;
  #files = 0;
  #bytes = 0;

  constructor(job: CompareJob) {
    this.#job = job;
  }

  checks(): readonly RestoreCheck[] {
    const counts = `${this.#items} items, ${this.#files} files with ${this.#bytes} bytes`;
    const passed = this.#differenceCount === 0;
    const detail = passed
      ? `${counts}: content, types, modes, times and links equal`
      : `${counts}: ${this.#differenceCount} differences`;
    return [{ subject: this.#job.target, passed, detail }, ...this.#differences];
  }

  async folder(treeId: string, folder: Buffer, included: IncludedPaths): Promise<void> {
    const names = new Set<string>();
    const nodes = await loadTree(this.#job.reader, treeId, this.#job.signal);
    this.#repeats.enter(treeId, nodes);
    for (const node of nodes) {
      this.#job.signal.throwIfAborted();
      const below = included.below(node.name);
      // What is of no file type cannot be restored, and was warned of.
      if (!below || node.type === 'irregular') continue;
      names.add(node.name.toString('latin1'));
      await this.#item(node, Buffer.concat([folder, Buffer.from('/'), node.name]), below);
    }
    if (this.#job.inPlace !== true) await this.#nothingElse(folder, names);
  }

  async #item(node: TreeNode, path: Buffer, included: IncludedPaths): Promise<void> {
    const stat = await statOf(path);
    if (!stat) return this.#differs(path, 'is missing');
    const type = nodeTypeOfMode(Number(stat.mode));
    if (type !== node.type) return this.#differs(path, `is a ${type}, not a ${node.type}`);
    this.#items += 1;
    if (node.type === 'dir') await this.folder(subtreeOf(node, path), path, included);
    if (node.type === 'symlink') await this.#link(node, path);
    if (node.type === 'file') await this.#file(node, path, stat);
    // Folders on the way to what is included are made, not restored.
    if (included.inclusion === 'wanted') this.#metadata(node, path, stat);
    this.#job.onProgress({ filesDone: this.#files, bytesDone: this.#bytes, current: printablePath(path) });
  }

  async #link(node: TreeNode, path: Buffer): Promise<void> {
    const target = await readlink(path, 'buffer');
    if (!node.linkTarget?.equals(target)) this.#differs(path, 'points elsewhere');
  }

  #metadata(node: TreeNode, path: Buffer, stat: BigIntStats): void {
    if (stat.mtimeNs !== node.mtimeNs) this.#differs(path, 'has another modification time');
    // Links have no permissions of their own on Linux.
    const permissions = Number(stat.mode) & 0o7777;
    if (node.type !== 'symlink' && permissions !== posixPermissions(node.mode)) {
      this.#differs(path, `has the mode ${octal(permissions)}, not ${octal(posixPermissions(node.mode))}`);
    }
  }

  async #file(node: TreeNode, path: Buffer, stat: BigIntStats): Promise<void> {
    this.#files += 1;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const problem = await this.#contentProblem(node, file, stat.size);
      if (problem !== undefined) this.#differs(path, problem);
    } finally {
      await file.close();
    }
  }

  async #contentProblem(node: TreeNode, file: FileHandle, sizeBytes: bigint): Promise<string | undefined> {
    let position = 0;
    for (const id of node.content ?? []) {
      this.#job.signal.throwIfAborted();
      const length = blobSize(this.#job.reader, id);
      const bytes = await readExactly(file, position, length);
      if (bytes === undefined) return 'is shorter than it was';
      if (hash('sha256', bytes, 'hex') !== id) return `differs in the ${length} bytes from ${position}`;
      position += length;
      this.#bytes += length;
      this.#job.onProgress({ bytesDone: this.#bytes });
    }
    return sizeBytes === BigInt(position) ? undefined : `has ${sizeBytes} bytes, not ${position}`;
  }

  async #nothingElse(folder: Buffer, names: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(folder, 'buffer')) {
      if (names.has(name.toString('latin1'))) continue;
      this.#differs(Buffer.concat([folder, Buffer.from('/'), name]), 'was not in the snapshot');
    }
  }

  #differs(path: Buffer, how: string): void {
    this.#differenceCount += 1;
    if (this.#differences.length >= listedDifferences) return;
    this.#differences.push({ subject: printablePath(path), passed: false, detail: how });
  }
}

/** @throws {Failure} of the reader, when the repository does not have the blob */
function blobSize(reader: BlobReader, id: string): number {
  const size = reader.blobSize('data', id);
  if (size !== undefined) return size;
  throw new Failure('RepositoryDamaged', `The repository does not have the blob ${id.slice(0, 8)}`);
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  return buffer;
}

async function statOf(path: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
