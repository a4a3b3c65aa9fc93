import { open } from 'node:fs/promises';
import { Repository } from '../repository/repository.ts';
import { encodeNode, encodeTree } from '../repository/tree/encode.ts';
import { goMode } from '../repository/tree/file-mode.ts';
import type { TreeNode } from '../repository/tree/node.ts';
import type { RepositoryWriter } from '../repository/writer/repository-writer.ts';
import { Secret } from '../secrets/secret.ts';
import { openLocalStore } from '../stores/local.ts';
import { seededRandom } from './random.ts';

const snapshots = 100;
const files = 2000;
const filesInFolder = 40;
const fileBytes = 12 * 1024;
/** Files that are others each day. */
const changedFiles = 100;
const dumpBytes = 48 * 1024 * 1024;
/** Places of the dump that are written anew each day. */
const changedRegions = 6;
const regionBytes = 64 * 1024;

type Writer = Pick<RepositoryWriter, 'saveBlob' | 'saveStream' | 'finish'>;

/**
 * Makes a repository of 100 daily snapshots of 2,000 small files and a dump of 48 MiB, of which a little changes each
 * day, and forgets every second one: what a prune meets.
 * @param text path of a long text that the content is taken from
 */
export async function makeAgedRepository(
  folder: string,
  { text, password }: { readonly text: string; readonly password: string },
): Promise<void> {
  const repository = await Repository.init(openLocalStore(folder), new Secret(password));
  const content = await ContentOfDays.read(text);
  try {
    for (let day = 0; day < snapshots; day += 1) {
      const writer = await repository.openWriter();
      const tree = await saveDay(writer, content);
      await writer.finish();
      const id = await repository.commitSnapshot({
        time: new Date(Date.UTC(2026, 0, 1 + day)).toISOString(),
        tree,
        paths: ['/srv'],
        hostname: 'bench',
        username: 'bench',
        tags: [],
        programVersion: 'resguardo bench',
      });
      if (day % 2 === 0) await repository.store.remove({ type: 'snapshot', name: id });
      content.age();
    }
  } finally {
    await repository.close();
  }
}

/** Slices of a text, some of which are others each day. */
class ContentOfDays {
  readonly #text: Buffer;
  readonly #random = seededRandom(9);
  readonly dump: Buffer;
  /** Where each file's content begins in the text. */
  readonly offsets: number[];

  private constructor(text: Buffer) {
    this.#text = text;
    this.dump = Buffer.from(text.subarray(0, dumpBytes));
    this.offsets = Array.from({ length: files }, () => this.#somewhere());
  }

  static async read(path: string): Promise<ContentOfDays> {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8 * dumpBytes));
      return new ContentOfDays(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  }

  file(index: number): Buffer {
    const from = this.offsets[index] ?? 0;
    return this.#text.subarray(from, from + fileBytes);
  }

  age(): void {
    for (let change = 0; change < changedFiles; change += 1) {
      this.offsets[Math.floor(this.#random() * files)] = this.#somewhere();
    }
    for (let change = 0; change < changedRegions; change += 1) {
      const from = this.#somewhere();
      const target = Math.floor(this.#random() * (dumpBytes - regionBytes));
      this.#text.copy(this.dump, target, from, from + regionBytes);
    }
  }

  #somewhere(): number {
    return Math.floor(this.#random() * (this.#text.length - regionBytes));
  }
}

async function saveDay(writer: Writer, content: ContentOfDays): Promise<string> {
  const nodes: TreeNode[] = [];
  const dump = await writer.saveStream(pieces(content.dump), { signal: new AbortController().signal });
  nodes.push(node('dump.sql', 'file', { content: dump.content, size: dump.sizeBytes }));
  for (let first = 0; first < files; first += filesInFolder) {
    const subtree = await saveTree(writer, await saveFiles(writer, content, first));
    nodes.push(node(`folder-${String(first).padStart(5, '0')}`, 'dir', { subtree }));
  }
  return await saveTree(writer, nodes);
}

async function saveFiles(writer: Writer, content: ContentOfDays, first: number): Promise<TreeNode[]> {
  const saved: TreeNode[] = [];
  for (let index = first; index < first + filesInFolder; index += 1) {
    const { id } = await writer.saveBlob('data', content.file(index));
    const name = `file-${String(index).padStart(5, '0')}`;
    saved.push(node(name, 'file', { content: [id], size: BigInt(fileBytes) }));
  }
  return saved;
}

async function saveTree(writer: Writer, nodes: readonly TreeNode[]): Promise<string> {
  const { id } = await writer.saveBlob('tree', encodeTree(nodes.map((item) => encodeNode(item, () => 0))));
  return id;
}

function node(name: string, type: 'file' | 'dir', more: Partial<TreeNode>): TreeNode {
  const times = { mtimeNs: 1_000_000_000n, atimeNs: 1_000_000_000n, ctimeNs: 1_000_000_000n };
  return { name: Buffer.from(name), type, mode: goMode(type, 0o755), uid: 0, gid: 0, ...times, ...more };
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 1024 * 1024) yield bytes.subarray(from, from + 1024 * 1024);
}
