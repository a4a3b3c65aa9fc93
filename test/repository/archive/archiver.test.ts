import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import type { Warning } from '../../../contracts/jobs.ts';
import { loadPosixCalls } from '../../../posix/calls.ts';
import { archive } from '../../../repository/archive/archiver.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
import { metadataOfStat } from '../../../repository/archive/stat-metadata.ts';
import type { BlobWriter, SmallFile } from '../../../repository/blobs.ts';
import { readFile } from '../../../repository/read-file.ts';
import type { Repository } from '../../../repository/repository.ts';
import { goMode } from '../../../repository/tree/file-mode.ts';
import type { NodeMetadata } from '../../../repository/tree/node.ts';
import { findNode, walkTree } from '../../../repository/tree/walk.ts';
import { backUpEntries, backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, testRepository } from '../test-repository.ts';

const metadata: NodeMetadata = {
  type: 'file',
  mode: goMode('file', 0o600),
  mtimeNs: 1n,
  atimeNs: 1n,
  ctimeNs: 1n,
  uid: 0,
  gid: 0,
};

function folderEntry(name: string, children: () => Iterable<Entry> | AsyncIterable<Entry>): Entry {
  const folder = { ...metadata, type: 'dir' as const, mode: goMode('dir', 0o755) };
  return { kind: 'directory', name: Buffer.from(name), metadata: folder, children };
}

function streamEntry(name: string, open: () => Readable): Entry {
  return { kind: 'stream', name: Buffer.from(name), metadata, open };
}

function fileEntry(path: string, name = path.split('/').at(-1) ?? ''): Entry {
  const listed = metadataOfStat(lstatSync(path, { bigint: true }), { user: () => 'u', group: () => 'g' });
  return { kind: 'file', name: Buffer.from(name), metadata: listed, path: Buffer.from(path) };
}

async function contentOf(repository: Repository, tree: string, path: string): Promise<string> {
  const node = await findNode(repository, tree, path, noSignal);
  assert.ok(node, path);
  return Buffer.concat(await Array.fromAsync(readFile(repository, node, noSignal))).toString();
}

async function pathsIn(repository: Repository, tree: string): Promise<readonly string[]> {
  const nodes = await Array.fromAsync(walkTree(repository, tree, noSignal));
  return nodes.map(({ path }) => path.toString());
}

/** A folder with two files and a folder. */
async function smallTree(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  writeFileSync(`${folder}/a`, 'first');
  mkdirSync(`${folder}/sub`);
  writeFileSync(`${folder}/sub/b`, 'second');
  return folder;
}

test('streams and folders of a source become files and folders of a tree', async (t) => {
  const { repository } = await testRepository(t);
  const roots = [
    folderEntry('databases', () => [
      streamEntry('z.dump', () => Readable.from([Buffer.from('dump '), Buffer.from('of z')])),
      streamEntry('empty', () => Readable.from([])),
    ]),
  ];
  const { tree, summary } = await backUpEntries(repository, roots);
  assert.deepEqual(await pathsIn(repository, tree), ['/databases', '/databases/empty', '/databases/z.dump']);
  assert.equal(await contentOf(repository, tree, '/databases/z.dump'), 'dump of z');
  assert.equal(await contentOf(repository, tree, '/databases/empty'), '');
  assert.equal((await findNode(repository, tree, '/databases/z.dump'))?.size, 9n);
  assert.equal(summary.filesNew, 2);
  assert.equal(summary.totalBytesProcessed, 9);
});

test('a later entry can describe what was read in an earlier one', async (t) => {
  const { repository } = await testRepository(t);
  async function* children(): AsyncGenerator<Entry> {
    const stream = Readable.from([Buffer.from('data')]);
    const ended = new Promise<void>((resolve) => stream.once('end', resolve));
    yield streamEntry('dump', () => stream);
    await ended;
    yield streamEntry('manifest', () => Readable.from([Buffer.from('dump has ended')]));
  }
  const { tree } = await backUpEntries(repository, [folderEntry('d', children)], { filesInFlight: 1 });
  assert.equal(await contentOf(repository, tree, '/d/manifest'), 'dump has ended');
});

test('a stream that fails fails the backup', async (t) => {
  const { repository } = await testRepository(t);
  const failing = (): Readable =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(100);
        throw new Failure('ToolFailed', 'pg_dump ended with status 1.');
      })(),
    );
  await assert.rejects(backUpEntries(repository, [streamEntry('dump', failing)]), (error) =>
    isFailure(error, 'ToolFailed'),
  );
});

test('nothing to store is a failure', async (t) => {
  const { repository } = await testRepository(t);
  await assert.rejects(backUpEntries(repository, []), (error) => isFailure(error, 'SourceMissing'));
});

test('unchanged files are not read again, changed ones are', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  const first = await backUpFiles(repository, { paths: [folder] });
  assert.equal(first.summary.filesNew, 2);
  writeFileSync(`${folder}/sub/b`, 'changed');
  writeFileSync(`${folder}/sub/c`, 'new');
  const second = await backUpFiles(repository, { paths: [folder] }, { parentTree: first.tree });
  assert.deepEqual(
    [second.summary.filesUnmodified, second.summary.filesChanged, second.summary.filesNew],
    [1, 1, 1],
  );
  assert.equal(await contentOf(repository, second.tree, `${folder}/a`), 'first');
  assert.equal(await contentOf(repository, second.tree, `${folder}/sub/b`), 'changed');
});

test('a file of the same size and time but another change time is read again', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  writeFileSync(`${folder}/a`, 'before');
  utimesSync(`${folder}/a`, 1000, 1000);
  const first = await backUpFiles(repository, { paths: [folder] });
  writeFileSync(`${folder}/a`, 'after!');
  utimesSync(`${folder}/a`, 1000, 1000);
  const second = await backUpFiles(repository, { paths: [folder] }, { parentTree: first.tree });
  assert.equal(await contentOf(repository, second.tree, `${folder}/a`), 'after!');
});

test('the same files give the same tree with and without a parent', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  const first = await backUpEntries(repository, [folderOf(folder)]);
  const second = await backUpEntries(repository, [folderOf(folder)], { parentTree: first.tree });
  const third = await backUpEntries(repository, [folderOf(folder)], { filesInFlight: 1 });
  assert.equal(second.tree, first.tree);
  assert.equal(third.tree, first.tree);
  assert.equal(third.summary.dataAdded, 0);
  assert.equal(second.summary.dirsUnmodified, 1);
});

function folderOf(folder: string): Entry {
  return folderEntry('root', () => [fileEntry(`${folder}/a`), fileEntry(`${folder}/sub/b`)]);
}

test('an unreadable parent is told, and everything is stored as if it were new', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  const missing = hash('sha256', 'no such tree');
  const { warnings, summary } = await backUpFiles(repository, { paths: [folder] }, { parentTree: missing });
  assert.match(warnings[0]?.message ?? '', /cannot be compared with/);
  assert.equal(summary.filesNew, 2);
});

test('what happens to a file after it was listed is a warning, and the rest is stored', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const names = ['vanished', 'became a link', 'became a fifo', 'became a folder', 'stays'];
  for (const name of names) writeFileSync(`${folder}/${name}`, name);
  const entries = names.map((name) => fileEntry(`${folder}/${name}`));
  for (const name of names.slice(0, 4)) rmSync(`${folder}/${name}`);
  symlinkSync('/etc/passwd', `${folder}/became a link`);
  loadPosixCalls().makeNode(Buffer.from(`${folder}/became a fifo`), 0o010_600, 0n);
  mkdirSync(`${folder}/became a folder`);
  const warnings: Warning[] = [];
  const { tree } = await backUpEntries(repository, [folderEntry('d', () => entries)], {
    onWarning: (warning) => warnings.push(warning),
  });
  assert.deepEqual(await pathsIn(repository, tree), ['/d', '/d/stays']);
  assert.deepEqual(
    warnings.map(({ subject }) => subject),
    names.slice(0, 4).map((name) => `/d/${name}`),
  );
});

test('a file that grows while it is read is stored, and told', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const path = `${folder}/log`;
  writeFileSync(path, randomBytes(12_000_000));
  const entry = fileEntry(path);
  let hasGrown = false;
  const warnings: Warning[] = [];
  const { tree } = await backUpEntries(repository, [entry], {
    onProgress: ({ bytesDone }) => {
      // The file has more chunks than one: this is between two of them.
      if (bytesDone > 0 && !hasGrown) appendFileSync(path, 'more');
      hasGrown ||= bytesDone > 0;
    },
    onWarning: (warning) => warnings.push(warning),
  });
  assert.match(warnings[0]?.message ?? '', /changed while it was read/);
  assert.equal((await findNode(repository, tree, '/log'))?.size, 12_000_004n);
});

test('a failure of the repository stops the run and is thrown as it is', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  const full = new Failure('StorageFull', 'The disk is full.');
  const writer = await repository.openWriter();
  const failing: BlobWriter = Object.assign(Object.create(writer), {
    saveSmallFile: (file: SmallFile) => file.failed(full),
    saveBlob: writer.saveBlob.bind(writer),
  });
  const run = archive({ repository, writer: failing, roots: [folderOf(folder)], signal: noSignal });
  await assert.rejects(run, full);
  await writer.abort();
});

test('a cancelled run ends with the reason of its signal', async (t) => {
  const { repository } = await testRepository(t);
  const controller = new AbortController();
  const reason = new Failure('Cancelled', 'The backup was cancelled.');
  async function* endless(): AsyncGenerator<Entry> {
    for (let index = 0; ; index += 1) {
      if (index === 20) controller.abort(reason);
      yield streamEntry(`s${index}`, () => Readable.from([Buffer.from('x')]));
    }
  }
  const roots = [folderEntry('d', endless)];
  await assert.rejects(backUpEntries(repository, roots, { signal: controller.signal }), reason);
});

test('an index is written as the run goes on', async (t) => {
  const { repository, store } = await testRepository(t, { packSizeBytes: 1024 });
  const indexes = async (): Promise<number> => (await Array.fromAsync(store.list('index'))).length;
  let during = 0;
  async function* children(): AsyncGenerator<Entry> {
    for (let index = 0; index < 20; index += 1) {
      during = Math.max(during, await indexes());
      yield streamEntry(`s${index}`, () => Readable.from([randomBytes(2000)]));
    }
  }
  await backUpEntries(repository, [folderEntry('d', children)], {
    checkpointEveryBytes: 100,
    filesInFlight: 1,
  });
  assert.ok(during > 0);
});

test('progress ends with what was done', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  let last = { filesDone: 0, bytesDone: 0 };
  await backUpEntries(repository, [folderOf(folder)], {
    onProgress: (progress) => {
      last = progress;
    },
  });
  assert.deepEqual([last.filesDone, last.bytesDone], [2, 11]);
});

test('a file whose reading fails is a warning', { skip: !existsSync('/proc/self/mem') }, async (t) => {
  const { repository } = await testRepository(t);
  const folder = await smallTree(t);
  const warnings: Warning[] = [];
  // A regular file that can be opened, and whose first page is never readable.
  const entries = [fileEntry('/proc/self/mem'), fileEntry(`${folder}/a`)];
  const { tree } = await backUpEntries(repository, [folderEntry('d', () => entries)], {
    onWarning: (warning) => warnings.push(warning),
  });
  assert.deepEqual(await pathsIn(repository, tree), ['/d', '/d/a']);
  assert.match(warnings[0]?.message ?? '', /cannot be read: the disk reports an input\/output error/);
});
