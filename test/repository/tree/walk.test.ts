import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
import { readFile } from '../../../repository/read-file.ts';
import { goMode } from '../../../repository/tree/file-mode.ts';
import { findNode, walkTree } from '../../../repository/tree/walk.ts';
import { backUpEntries } from '../back-up.ts';
import { noSignal, testRepository } from '../test-repository.ts';

const metadata = { mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n, uid: 0, gid: 0 };

function file(name: string, content: string): Entry {
  const open = (): Readable => Readable.from([Buffer.from(content)]);
  return {
    kind: 'stream',
    name: Buffer.from(name),
    metadata: { ...metadata, type: 'file', mode: 0o644 },
    open,
  };
}

function folder(name: string | Buffer, ...entries: readonly Entry[]): Entry {
  return {
    kind: 'directory',
    name: Buffer.from(name),
    metadata: { ...metadata, type: 'dir', mode: goMode('dir', 0o755) },
    children: () => entries,
  };
}

test('a tree is walked folders first, in the order of names', async (t) => {
  const { repository } = await testRepository(t);
  const { tree } = await backUpEntries(repository, [
    file('z', ''),
    folder('a', file('2', ''), folder('1', file('deep', ''))),
  ]);
  const paths = (await Array.fromAsync(walkTree(repository, tree, noSignal))).map(({ path }) =>
    path.toString(),
  );
  assert.deepEqual(paths, ['/a', '/a/1', '/a/1/deep', '/a/2', '/z']);
});

test('a node is found by its path, in bytes too', async (t) => {
  const { repository } = await testRepository(t);
  const name = Buffer.from([0xff, 0x41]);
  const { tree } = await backUpEntries(repository, [folder(name, file('x', 'content'))]);
  const path = Buffer.concat([Buffer.from('/'), name, Buffer.from('/x')]);
  assert.equal((await findNode(repository, tree, path))?.size, 7n);
  for (const missing of ['/', '/y', '/y/z', Buffer.concat([path, Buffer.from('/below')])]) {
    assert.equal(await findNode(repository, tree, missing), undefined);
  }
});

test('the content of a file is read in its order', async (t) => {
  const { repository } = await testRepository(t);
  const content = Array.from({ length: 300_000 }, (_, line) => `line ${line}\n`).join('');
  const { tree } = await backUpEntries(repository, [file('big', content)]);
  const node = await findNode(repository, tree, '/big');
  assert.ok(node?.content && node.content.length > 1);
  assert.equal(Buffer.concat(await Array.fromAsync(readFile(repository, node))).toString(), content);
});

test('a folder has no content to read', async (t) => {
  const { repository } = await testRepository(t);
  const { tree } = await backUpEntries(repository, [folder('a')]);
  const node = await findNode(repository, tree, '/a');
  assert.ok(node);
  await assert.rejects(readFile(repository, node).next(), (error) => isFailure(error, 'InvalidInput'));
});
