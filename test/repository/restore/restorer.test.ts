import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Failure, type FailureType, isFailure } from '../../../contracts/failures.ts';
import type { Warning } from '../../../contracts/jobs.ts';
import type { PackedBlobReader } from '../../../repository/blobs.ts';
import type { Repository } from '../../../repository/repository.ts';
import type { RestoreRequest } from '../../../repository/restore/request.ts';
import { restoreTree } from '../../../repository/restore/restorer.ts';
import { type EncodedNode, encodeNode, encodeTree } from '../../../repository/tree/encode.ts';
import { goMode } from '../../../repository/tree/file-mode.ts';
import type { NodeType, TreeNode } from '../../../repository/tree/node.ts';
import { backUpFiles } from '../back-up.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { makeNastyTree } from '../nasty-tree.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, type TestRepository, testRepository } from '../test-repository.ts';

/** A node of the type, owned by whoever runs the test. */
function node(name: string, type: NodeType, more: Partial<TreeNode> = {}): TreeNode {
  return {
    name: Buffer.from(name),
    type,
    mode: goMode(type, type === 'dir' ? 0o755 : 0o644),
    mtimeNs: 1_000_000_001n,
    atimeNs: 1_000_000_001n,
    ctimeNs: 0n,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    ...more,
  };
}

/** Stores handmade blobs, as a hostile or broken program may. */
class TreeMaker {
  readonly #test: TestRepository;

  constructor(made: TestRepository) {
    this.#test = made;
  }

  async tree(...nodes: readonly TreeNode[]): Promise<string> {
    return this.#save('tree', encodeTree(nodes.map((item) => encodeNode(item, () => 0))));
  }

  /** Nodes in the order given, with names that no encoder writes. */
  async rawTree(nodes: readonly EncodedNode[]): Promise<string> {
    return this.#save('tree', Buffer.from(`{"nodes":[${nodes.map(({ json }) => json).join(',')}]}\n`));
  }

  async file(name: string, content: string | Buffer, more: Partial<TreeNode> = {}): Promise<TreeNode> {
    const data = Buffer.from(content);
    const blob = await this.#save('data', data);
    return node(name, 'file', { content: [blob], size: BigInt(data.length), ...more });
  }

  async #save(type: 'tree' | 'data', data: Buffer): Promise<string> {
    const writer = await this.#test.repository.openWriter();
    const { id } = await writer.saveBlob(type, data);
    await writer.finish();
    return id;
  }
}

async function maker(t: TestContext): Promise<{ made: TestRepository; make: TreeMaker; target: string }> {
  const made = await testRepository(t);
  return { made, make: new TreeMaker(made), target: `${await temporaryFolder(t)}/target` };
}

/** A repository that reads in another way. */
function readerOf(repository: Repository, change: Partial<PackedBlobReader>): PackedBlobReader {
  return {
    hasBlob: (type, id) => repository.hasBlob(type, id),
    blobSize: (type, id) => repository.blobSize(type, id),
    loadBlob: (type, id, signal) => repository.loadBlob(type, id, signal),
    locate: (type, id) => repository.locate(type, id),
    loadRange: (pack, range, signal) => repository.loadRange(pack, range, signal),
    openJobs: (program, jobsAhead) => repository.openJobs(program, jobsAhead),
    ...change,
  };
}

async function restore(
  made: TestRepository,
  tree: string,
  target: string,
  more: Partial<RestoreRequest> = {},
) {
  const warnings: Warning[] = [];
  const totals = await restoreTree({
    reader: made.repository,
    tree,
    target,
    signal: noSignal,
    onWarning: (warning) => warnings.push(warning),
    ...more,
  });
  return { ...totals, warnings };
}

function failure(type: FailureType): (error: unknown) => boolean {
  return (error) => isFailure(error, type);
}

test('files come back with content, modes, times, links and attributes', async (t) => {
  const made = await testRepository(t);
  const source = `${await temporaryFolder(t)}/source`;
  mkdirSync(source);
  makeNastyTree(source);
  const { tree } = await backUpFiles(made.repository, { paths: [source] });
  const target = await temporaryFolder(t);
  const { warnings } = await restore(made, tree, target);
  assert.deepEqual(warnings, []);
  assertSameFiles(describeFiles(target + source), describeFiles(source));
});

test('holes stay holes', async (t) => {
  const { made, make, target } = await maker(t);
  const zeros = Buffer.alloc(1024 * 1024);
  const [hole, data] = [await make.file('x', zeros), await make.file('x', 'data')];
  const content = [
    ...Array(32).fill(hole.content?.[0]),
    data.content?.[0],
    ...Array(32).fill(hole.content?.[0]),
  ];
  const size = BigInt(64 * zeros.length + 4);
  await restore(made, await make.tree(node('sparse', 'file', { content, size })), target);
  const stat = lstatSync(`${target}/sparse`);
  assert.equal(stat.size, Number(size));
  assert.ok(stat.blocks * 512 < 1024 * 1024, `${stat.blocks} blocks`);
  assert.equal(
    readFileSync(`${target}/sparse`).toString('latin1', 32 * zeros.length, 32 * zeros.length + 4),
    'data',
  );
});

test('names that lead out of their folder stop the restore', async (t) => {
  for (const name of ['..', '.', '../out', '/etc/out', 'a/../../out', 'a\0b']) {
    const { made, make, target } = await maker(t);
    const below = await make.rawTree([encodeNode(await make.file(name, 'evil'), () => 0)]);
    const tree = await make.tree(node('a', 'dir', { subtree: below }));
    await assert.rejects(restore(made, tree, target), failure('PathEscape'), JSON.stringify(name));
    assert.deepEqual(readdirSync(`${target}/..`), ['target']);
  }
});

test('a link is never written through, whatever the order of the nodes', async (t) => {
  const { made, make, target } = await maker(t);
  const outside = await temporaryFolder(t);
  const link = node('a', 'symlink', { linkTarget: Buffer.from(outside) });
  const folder = node('a', 'dir', { subtree: await make.tree(await make.file('evil', 'evil')) });
  for (const nodes of [
    [link, folder],
    [folder, link],
  ]) {
    const tree = await make.rawTree(nodes.map((item) => encodeNode(item, () => 0)));
    await assert.rejects(restore(made, tree, target, { overwrite: 'always' }), failure('RepositoryDamaged'));
  }
  assert.deepEqual(readdirSync(outside), []);
});

test('links that lie in the target already are not followed', async (t) => {
  const { made, make, target } = await maker(t);
  const outside = await temporaryFolder(t);
  writeFileSync(`${outside}/kept`, 'kept');
  mkdirSync(target);
  symlinkSync(outside, `${target}/folder`);
  symlinkSync(`${outside}/kept`, `${target}/file`);
  const subtree = await make.tree(await make.file('evil', 'evil'));
  const withFolder = await make.tree(node('folder', 'dir', { subtree }));
  await assert.rejects(restore(made, withFolder, target, { overwrite: 'always' }), failure('TargetConflict'));
  await restore(made, await make.tree(await make.file('file', 'restored')), target, { overwrite: 'always' });
  assert.equal(readFileSync(`${outside}/kept`, 'utf8'), 'kept');
  assert.equal(readFileSync(`${target}/file`, 'utf8'), 'restored');
  assert.ok(lstatSync(`${target}/file`).isFile());
  assert.deepEqual(readdirSync(outside), ['kept']);
});

test('a hard link in the target is replaced, not written through', async (t) => {
  const { made, make, target } = await maker(t);
  const outside = await temporaryFolder(t);
  writeFileSync(`${outside}/kept`, 'kept');
  mkdirSync(target);
  linkSync(`${outside}/kept`, `${target}/file`);
  await restore(made, await make.tree(await make.file('file', 'restored')), target, { overwrite: 'always' });
  assert.equal(readFileSync(`${outside}/kept`, 'utf8'), 'kept');
});

test('a target that is not empty is left alone', async (t) => {
  const { made, make, target } = await maker(t);
  mkdirSync(target);
  writeFileSync(`${target}/mine`, 'mine');
  const tree = await make.tree(await make.file('mine', 'theirs'));
  await assert.rejects(restore(made, tree, target), failure('TargetConflict'));
  assert.equal(readFileSync(`${target}/mine`, 'utf8'), 'mine');
});

test('only what is included is restored, with the folders on the way', async (t) => {
  const { made, make, target } = await maker(t);
  const b = await make.tree(await make.file('wanted', '1'), await make.file('wanted too', '2'));
  const a = await make.tree(
    node('b', 'dir', { subtree: b, mode: goMode('dir', 0o751) }),
    await make.file('unwanted', '3'),
  );
  const tree = await make.tree(node('a', 'dir', { subtree: a }), await make.file('c', '4'));
  await restore(made, tree, target, { include: ['/a/b/wanted', '/c'] });
  assert.deepEqual(readdirSync(target, { recursive: true }).toSorted(), ['a', 'a/b', 'a/b/wanted', 'c']);
  assert.equal(lstatSync(`${target}/a/b`).mode & 0o777, 0o751);
});

test('an included path that the snapshot does not have is named before anything is made', async (t) => {
  const { made, make, target } = await maker(t);
  const tree = await make.tree(await make.file('a', '1'));
  await assert.rejects(
    restore(made, tree, target, { include: ['/a', '/b'] }),
    (error) => isFailure(error, 'InvalidInput') && error.message.includes('/b'),
  );
  assert.ok(!existsSync(target));
});

test('damage is told at the end, when everything else is restored', async (t) => {
  const { made, make, target } = await maker(t);
  const lost = '0'.repeat(64);
  const tree = await make.tree(
    node('damaged file', 'file', { content: [lost], size: 5n }),
    node('damaged folder', 'dir', { subtree: lost }),
    await make.file('wrong size', 'abc', { size: 4n }),
    await make.file('whole', 'whole'),
  );
  await assert.rejects(restore(made, tree, target), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'));
    assert.match(error.message, /^3 items are damaged/);
    for (const path of ['/damaged file', '/damaged folder', '/wrong size'])
      assert.ok(error.message.includes(path));
    return true;
  });
  assert.equal(readFileSync(`${target}/whole`, 'utf8'), 'whole');
  assert.deepEqual(readdirSync(target).toSorted(), ['damaged folder', 'whole']);
});

test('a link whose target no system takes is told as damage, and the rest is restored', async (t) => {
  const { made, make, target } = await maker(t);
  const tree = await make.tree(
    await make.file('before', 'whole'),
    node('link', 'symlink', { linkTarget: Buffer.from('a\0b') }),
    await make.file('then', 'whole'),
  );
  await assert.rejects(restore(made, tree, target), (error) => {
    assert.ok(isFailure(error, 'RepositoryDamaged'));
    assert.match(error.message, /\/link: The target of the link has a zero byte/);
    return true;
  });
  assert.deepEqual(readdirSync(target).toSorted(), ['before', 'then']);
});

test('a file whose second half cannot be read is not left half written', async (t) => {
  const { made, make, target } = await maker(t);
  const [first, second] = [await make.file('x', 'first'), await make.file('x', 'second')];
  const file = node('file', 'file', {
    content: [...(first.content ?? []), ...(second.content ?? [])],
    size: 11n,
  });
  const { repository } = made;
  const damaged = readerOf(repository, {
    loadRange: async (pack, range, signal) => {
      const bytes = await repository.loadRange(pack, range, signal);
      const [blob] = repository.locate('data', second.content?.[0] ?? '');
      if (bytes && blob?.pack === pack) bytes.fill(0, blob.offset - range.offset);
      return bytes;
    },
  });
  await assert.rejects(
    restore(made, await make.tree(file), target, { reader: damaged }),
    failure('RepositoryDamaged'),
  );
  assert.deepEqual(readdirSync(target), []);
});

test('a store that fails stops the restore with its failure', async (t) => {
  const { made, make, target } = await maker(t);
  const files = await Promise.all(
    Array.from({ length: 40 }, (_, index) => make.file(`f${index}`, randomBytes(10))),
  );
  const gone = new Failure('StoreUnavailable', 'The network is gone.');
  const failing = readerOf(made.repository, {
    loadRange: async () => {
      throw gone;
    },
  });
  const subtree = await make.tree(...files);
  const tree = await make.tree(node('d', 'dir', { subtree }));
  await assert.rejects(restore(made, tree, target, { reader: failing }), gone);
});

test('a cancelled restore ends with the reason of its signal', async (t) => {
  const { made, make, target } = await maker(t);
  const controller = new AbortController();
  const reason = new Failure('Cancelled', 'The restore was cancelled.');
  controller.abort(reason);
  const tree = await make.tree(await make.file('a', '1'));
  await assert.rejects(restore(made, tree, target, { signal: controller.signal }), reason);
});

test('a snapshot that is deeper than any path ends in a failure', async (t) => {
  const { made, make, target } = await maker(t);
  let subtree = await make.tree();
  const writer = await made.repository.openWriter();
  for (let level = 0; level < 4200; level += 1) {
    const tree = encodeTree([encodeNode(node('d', 'dir', { subtree }), () => 0)]);
    subtree = (await writer.saveBlob('tree', tree)).id;
  }
  await writer.finish();
  await assert.rejects(restore(made, subtree, target), failure('RepositoryDamaged'));
  // Node's own way to remove folders ends at the length of a path.
  execFileSync('rm', ['-rf', target]);
});

test('a target that cannot be made says so', async (t) => {
  const { made, make } = await maker(t);
  const tree = await make.tree(await make.file('a', '1'));
  await assert.rejects(restore(made, tree, '/dev/null/target'), failure('TargetUnwritable'));
});
