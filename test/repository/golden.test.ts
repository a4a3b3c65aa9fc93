import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { decodeConfig, encodeConfig } from '../../repository/config.ts';
import { decodeIndex, encodeIndex } from '../../repository/index/index-file.ts';
import { decodeKeyFile, encodeKeyFile } from '../../repository/keys/key-file.ts';
import { decodeLockFile, encodeLockFile } from '../../repository/lock/lock-file.ts';
import { encodeHeader } from '../../repository/pack/header.ts';
import { Repository } from '../../repository/repository.ts';
import { decodeSnapshot, encodeSnapshot } from '../../repository/snapshot.ts';
import { decodeTree } from '../../repository/tree/decode.ts';
import { encodeNode, encodeTree } from '../../repository/tree/encode.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import { openLocalStore } from '../../stores/local.ts';
import { testPassword } from './test-repository.ts';

/**
 * Repositories as they were written, of one folder: what reads them must go on reading them, and what writes must go
 * on writing the same bytes. The lock in each is that of a backup that was going on.
 */
for (const writer of ['restic-0.19.1', 'resguardo-0.1.0']) {
  describe(`the repository that ${writer} wrote`, () => {
    const folder = fileURLToPath(new URL(`fixtures/${writer}`, import.meta.url));
    let repository: Repository;

    before(async () => {
      repository = await Repository.open(openLocalStore(folder), testPassword);
      await repository.loadIndex();
    });

    /** The one file of a folder, opened and decompressed. */
    async function plain(type: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
      const name = type === 'config' ? '' : await onlyFileIn(join(folder, type));
      const sealed = await readFile(join(folder, type, name));
      const opened = repository.sealing.open(sealed);
      assert.ok(opened, `${type} opens`);
      return { name, bytes: opened[0] === 2 ? zstdDecompressSync(opened.subarray(1)) : opened };
    }

    test('has the config that would be written for it', async () => {
      const { bytes } = await plain('config');
      assert.deepEqual(withoutLineEnd(bytes), encodeConfig(decodeConfig(bytes)).toString());
    });

    test('has the key file that would be written for it', async () => {
      const name = await onlyFileIn(join(folder, 'keys'));
      const bytes = await readFile(join(folder, 'keys', name));
      assert.equal(withoutLineEnd(bytes), encodeKeyFile(decodeKeyFile(name, bytes)).toString());
    });

    test('has the index that would be written for it', async () => {
      const { bytes } = await plain('index');
      const packs = decodeIndex(bytes);
      assert.ok(packs);
      assert.equal(bytes.toString(), encodeIndex(packs).toString());
    });

    test('has the snapshot that would be written for it', async () => {
      const { name, bytes } = await plain('snapshots');
      const snapshot = decodeSnapshot(name, bytes);
      assert.ok(snapshot);
      assert.deepEqual([snapshot.paths, snapshot.tags], [['/srv/golden'], ['golden']]);
      assert.equal(withoutLineEnd(bytes), encodeSnapshot(snapshot).toString());
    });

    test('has the lock that would be written for it', async () => {
      const { bytes } = await plain('locks');
      const lock = decodeLockFile(bytes);
      assert.ok(lock);
      assert.deepEqual([lock.hostname, lock.exclusive], ['host', false]);
      assert.equal(withoutLineEnd(bytes), encodeLockFile(lock).toString());
    });

    test('has packs whose headers, and whose bytes between them, are those of the index', async () => {
      for (const { id, blobs } of repository.index.blobsByPack()) {
        const bytes = await readFile(join(folder, 'data', id.slice(0, 2), id));
        assert.equal(hash('sha256', bytes), id);
        const headerLength = bytes.readUInt32LE(bytes.length - 4);
        const header = repository.sealing.open(bytes.subarray(-4 - headerLength, -4));
        assert.deepEqual(header, encodeHeader(blobs));
        const ends = blobs.map(({ offset, length }) => offset + length);
        assert.deepEqual(
          blobs.map(({ offset }) => offset),
          [0, ...ends.slice(0, -1)],
        );
        assert.equal(ends.at(-1), bytes.length - 4 - headerLength);
      }
    });

    test('has trees that would be written for their nodes', async () => {
      let trees = 0;
      for (const { type, id } of repository.index.blobs()) {
        const bytes = await repository.loadBlob(type, id);
        assert.equal(hash('sha256', bytes), id);
        if (type !== 'tree') continue;
        const nodes = decodeTree(bytes, id).map((node) => encodeNode(node, () => 0));
        assert.equal(encodeTree(nodes).toString(), bytes.toString());
        trees += 1;
      }
      assert.equal(trees, 4);
    });

    test('has the content that was backed up', async () => {
      const snapshot = await repository.findSnapshot('latest');
      const found = await contentBelow(repository, snapshot.tree, '');
      const numbers = Array.from({ length: 3000 }, (_, number) => `${number + 1}\n`).join('');
      assert.deepEqual(
        found.toSorted(([a], [b]) => (a < b ? -1 : 1)),
        [
          ['/srv/golden/below/numbers', numbers],
          ['/srv/golden/empty', ''],
          ['/srv/golden/hard', 'hello\n'],
          ['/srv/golden/hello.txt', 'hello\n'],
          ['/srv/golden/link', '→ hello.txt'],
          ['/srv/golden/odd \u00c3\u00a9 \u00ff name', 'x'],
        ],
      );
    });
  });
}

async function contentBelow(repository: Repository, tree: string, path: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const node of await loadTree(repository, tree)) {
    const name = `${path}/${node.name.toString('latin1')}`;
    if (node.type === 'dir') found.push(...(await contentBelow(repository, node.subtree ?? '', name)));
    else if (node.type === 'symlink') found.push([name, `→ ${node.linkTarget?.toString()}`]);
    else {
      const blobs = (node.content ?? []).map((id) => repository.loadBlob('data', id));
      found.push([name, Buffer.concat(await Promise.all(blobs)).toString()]);
    }
  }
  return found;
}

async function onlyFileIn(folder: string): Promise<string> {
  const [name = '', ...others] = await readdir(folder);
  assert.deepEqual(others, []);
  return name;
}

/** Go's encoder of JSON ends what it writes with a line end, and nobody needs it. */
function withoutLineEnd(bytes: Buffer): string {
  return bytes.toString().replace(/\n$/, '');
}
