import { hash } from 'node:crypto';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { BlobType } from '../../repository/blobs.ts';
import { encodeIndex } from '../../repository/index/index-file.ts';
import { encodeHeader, type PackedBlob } from '../../repository/pack/header.ts';
import type { Repository } from '../../repository/repository.ts';
import { place } from '../damage/files.ts';

/** Fields of a node that a test does not care for. */
const usual = {
  mode: 0o644,
  mtime: '2026-01-01T00:00:00Z',
  atime: '2026-01-01T00:00:00Z',
  ctime: '2026-01-01T00:00:00Z',
  uid: 0,
  gid: 0,
};

/** A blob of a planted pack. */
export interface PlantedBlob {
  readonly type: BlobType;
  readonly id: string;
  /** As it is sealed, compressed or not. */
  readonly content: Uint8Array;
  readonly uncompressedLength?: number;
}

/** Somebody who has the key of a repository and writes into it what no honest program would. */
export class HostileWriter {
  readonly repository: Repository;
  readonly #folder: string;

  constructor(repository: Repository, folder: string) {
    this.repository = repository;
    this.#folder = folder;
  }

  /** Stores content under its right id. */
  async blobs(type: BlobType, contents: readonly Uint8Array[]): Promise<readonly string[]> {
    return await this.pack(contents.map((content) => ({ type, id: hash('sha256', content), content })));
  }

  async data(content: Uint8Array): Promise<string> {
    const [id = ''] = await this.blobs('data', [content]);
    return id;
  }

  /** Stores a tree of such nodes, in their order. */
  async tree(nodes: readonly unknown[]): Promise<string> {
    const [id = ''] = await this.blobs('tree', [treeOf(nodes)]);
    return id;
  }

  /** Stores a pack and an index of it; returns the ids of its blobs. */
  async pack(
    blobs: readonly PlantedBlob[],
    change: (blob: PackedBlob) => PackedBlob = (blob) => blob,
  ): Promise<readonly string[]> {
    const { sealing } = this.repository;
    const parts = blobs.map(({ content }) => sealing.seal(content));
    let offset = 0;
    const packed = blobs.map(({ type, id, uncompressedLength }, index): PackedBlob => {
      const length = parts[index]?.length ?? 0;
      const blob = {
        type,
        id,
        offset,
        length,
        ...(uncompressedLength !== undefined && { uncompressedLength }),
      };
      offset += length;
      return change(blob);
    });
    const header = sealing.seal(encodeHeader(packed));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    const id = await this.plantPack(Buffer.concat([...parts, header, length]));
    await this.plant('index', encodeIndex([{ id, blobs: packed }]));
    return blobs.map((blob) => blob.id);
  }

  async plantPack(bytes: Buffer): Promise<string> {
    const id = hash('sha256', bytes);
    await place(join(this.#folder, 'data', id.slice(0, 2), id), bytes);
    return id;
  }

  /** Stores a sealed file under its right name; returns the name. */
  async plant(type: 'index' | 'snapshots' | 'locks' | 'config', plain: Uint8Array): Promise<string> {
    const sealed = this.repository.sealing.seal(plain);
    const name = hash('sha256', sealed);
    await place(type === 'config' ? join(this.#folder, 'config') : join(this.#folder, type, name), sealed);
    return name;
  }

  async snapshot(tree: unknown, change: object = {}): Promise<string> {
    const snapshot = {
      time: '2026-01-01T00:00:00Z',
      tree,
      paths: ['/srv'],
      hostname: 'h',
      username: 'u',
      ...change,
    };
    return await this.plant('snapshots', Buffer.from(JSON.stringify(snapshot)));
  }
}

export function treeOf(nodes: readonly unknown[]): Buffer {
  return Buffer.from(`${JSON.stringify({ nodes })}\n`);
}

export function fileNode(name: string, content: readonly string[], sizeBytes: number, change: object = {}) {
  return { name, type: 'file', ...usual, size: sizeBytes, content, ...change };
}

export function folderNode(name: string, subtree: unknown, change: object = {}) {
  return { name, type: 'dir', ...usual, mode: 2 ** 31 + 0o755, subtree, ...change };
}

export function linkNode(name: string, target: string, change: object = {}) {
  return { name, type: 'symlink', ...usual, mode: 2 ** 27 + 0o777, linktarget: target, ...change };
}

/** Each level holds the next one twice; the last one is the root. */
export function doubledTrees(levels: number): readonly Buffer[] {
  const trees: Buffer[] = [treeOf([])];
  for (let level = 0; level < levels; level += 1) {
    const below = hash('sha256', trees.at(-1) ?? '');
    trees.push(treeOf([folderNode('a', below), folderNode('b', below)]));
  }
  return trees;
}

/** So many zeros, compressed: a few bytes for each MiB. */
export function bomb(sizeBytes: number, start = Buffer.alloc(0)): Buffer {
  return zstdCompressSync(Buffer.concat([start, Buffer.alloc(sizeBytes)]));
}
