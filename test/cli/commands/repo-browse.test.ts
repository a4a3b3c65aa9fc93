import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { backUpFiles } from '../../repository/back-up.ts';
import { assertSameFiles, describeFiles } from '../../repository/describe-files.ts';
import { Restic } from '../../repository/interop/restic.ts';
import { type TestScope, temporaryFolder } from '../../repository/temporary-folder.ts';
import { testPassword, testRepository } from '../../repository/test-repository.ts';
import { jsonOf, runCommand } from '../command-line.ts';

const execute = promisify(execFile);
type Document = Readonly<Record<string, unknown>>;

interface Bench {
  readonly source: string;
  readonly snapshot: string;
  readonly dataPack: string;
  readonly dataBlob: string;
  readonly run: (...args: readonly string[]) => ReturnType<typeof runCommand>;
  readonly restic: Restic;
}

async function makeBench(t: TestScope): Promise<Bench> {
  const { repository, folder } = await testRepository(t);
  const source = await temporaryFolder(t);
  mkdirSync(join(source, 'below/deep'), { recursive: true });
  for (const [name, bytes] of [
    ['small.txt', 10],
    ['big.bin', 2_500_000],
    ['below/copy.bin', 0],
    ['below/deep/file.txt', 700],
    [`below/${'long name '.repeat(12)}`, 30],
    ['ü', 5],
  ] as const) {
    writeFileSync(join(source, name), randomBytes(bytes));
  }
  writeFileSync(join(source, 'below/copy.bin'), readFileSync(join(source, 'small.txt')));
  symlinkSync('small.txt', join(source, 'link'));
  utimesSync(join(source, 'below/deep/file.txt'), 1_000_000_000, 1_000_000_000);
  await backUpFiles(repository, { paths: [join(source, 'below')] });
  const { snapshot } = await backUpFiles(repository, { paths: [source] });
  const blob = [...repository.index.blobs()].find(({ type, length }) => type === 'data' && length < 2000);
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  return {
    source,
    snapshot,
    dataPack: blob?.pack ?? '',
    dataBlob: blob?.id ?? '',
    run: (...args) => runCommand(['repo', ...args], { env, cwd: source }),
    restic: await Restic.of('0.19.1', folder),
  };
}

describe('a repository', () => {
  let bench: Bench;
  const cleanUps: (() => unknown)[] = [];
  before(async () => {
    bench = await makeBench({ after: (cleanUp) => void cleanUps.push(cleanUp) });
  });
  after(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  for (const sort of ['size', 'time', 'extension', 'name']) {
    test(`is listed in restic's order of ${sort}`, async () => {
      const options = ['--sort', sort, ...(sort === 'name' ? ['--reverse'] : [])];
      const ours = await bench.run('ls', bench.snapshot, ...options);
      assert.equal(ours.code, 0, ours.stderr);
      const theirs = await bench.restic.run('ls', bench.snapshot, ...options);
      assert.deepEqual(pathsOf(ours.stdout), pathsOf(theirs));
    });
  }

  test('is shown to ncdu', async () => {
    const ours = JSON.parse((await bench.run('ls', '--ncdu', bench.snapshot)).stdout);
    const theirs = JSON.parse(await bench.restic.run('ls', '--ncdu', bench.snapshot));
    assert.deepEqual(names(ours[3]), names(theirs[3]));
  });

  test('is searched for blobs, trees and packs, and for times', async () => {
    const search = async (...args: readonly string[]): Promise<readonly string[]> => {
      const found = jsonOf(await bench.run('find', '--json', '-s', bench.snapshot, ...args)) as Document[];
      return found.map(({ object_type, path }) => `${object_type} ${path}`).toSorted();
    };
    const theirs = async (...args: readonly string[]): Promise<readonly string[]> => {
      const found = JSON.parse(await bench.restic.run('find', '--json', '-s', bench.snapshot, ...args));
      return found.map((match: Document) => `${match.object_type} ${match.path}`).toSorted();
    };
    const byBlob = await search('--blob', bench.dataBlob);
    assert.ok(byBlob.length > 0);
    assert.deepEqual(byBlob, await theirs('--blob', bench.dataBlob));
    assert.deepEqual(await search('--pack', bench.dataPack), await theirs('--pack', bench.dataPack));
    const { stdout } = await bench.run('find', '--blob', '--show-pack-id', bench.dataBlob.slice(0, 8));
    assert.match(stdout, new RegExp(`in pack ${bench.dataPack.slice(0, 8)}`));
    const old = await bench.run('find', '*', '--newest', '2001-12-31', '-s', bench.snapshot);
    assert.deepEqual(pathsOf(old.stdout), [join(bench.source, 'below/deep/file.txt')]);
  });

  test('gives a folder as a tar archive that the system unpacks', async (t) => {
    const target = await temporaryFolder(t);
    const archive = join(target, 'all.tar');
    const end = await bench.run('dump', `${bench.snapshot}:${bench.source}`, '/', '--target', archive);
    assert.equal(end.code, 0, end.stderr);
    const unpacked = join(target, 'unpacked');
    mkdirSync(unpacked);
    await execute('tar', ['-xpf', archive, '-C', unpacked]);
    assertSameFiles(contentOf(unpacked), contentOf(bench.source));
  });

  test('gives a folder as a zip archive, each file with its checksum', async (t) => {
    const archive = join(await temporaryFolder(t), 'below.zip');
    const path = join(bench.source, 'below');
    const end = await bench.run('dump', bench.snapshot, path, '--archive', 'zip', '--target', archive);
    assert.equal(end.code, 0, end.stderr);
    const members = readZip(readFileSync(archive));
    assert.deepEqual([...members.keys()].slice(0, 3), ['copy.bin', 'deep/', 'deep/file.txt']);
    for (const [name, content] of members) {
      if (!name.endsWith('/')) assert.ok(content.equals(readFileSync(join(path, name))), name);
    }
  });

  test('counts files by their contents and blobs by their files, as restic does', async () => {
    for (const mode of ['files-by-contents', 'blobs-per-file']) {
      const ours = jsonOf(await bench.run('stats', '--mode', mode, '--json')) as Document;
      const theirs = JSON.parse(await bench.restic.run('stats', '--mode', mode, '--json'));
      // There restic takes all that has no content, folders too, for one file.
      const folders = mode === 'files-by-contents' ? 1 : 0;
      assert.equal(Number(ours.files) + folders, theirs.total_file_count, mode);
      assert.equal(ours.bytes, theirs.total_size, mode);
    }
  });

  test('names its parts and shows them, as restic does', async () => {
    for (const kind of ['packs', 'index', 'snapshots', 'keys']) {
      const ours = (await bench.run('list', kind)).stdout.trim().split('\n').toSorted();
      assert.deepEqual(ours, (await bench.restic.run('list', kind)).trim().split('\n').toSorted(), kind);
    }
    const blobs = (await bench.run('list', 'blobs')).stdout.trim().split('\n').toSorted();
    assert.deepEqual(blobs, (await bench.restic.run('list', 'blobs')).trim().split('\n').toSorted());
    for (const args of [
      ['config'],
      ['snapshot', bench.snapshot],
      ['tree', `${bench.snapshot}:${bench.source}`],
    ]) {
      // restic writes a time without the zeros at its end.
      const ours = JSON.parse((await bench.run('cat', ...args)).stdout.replace(/\.?0+Z"/, 'Z"'));
      assert.deepEqual(ours, JSON.parse(await bench.restic.run('cat', ...args)), args.join(' '));
    }
    assert.equal((await bench.run('cat', 'blob', '')).code, 2);
  });

  test('lists the newest snapshots of each group', async () => {
    const ids = async (...args: readonly string[]): Promise<readonly unknown[]> =>
      (jsonOf(await bench.run('snapshots', '--json', ...args)) as Document[]).map(({ id }) => id);
    assert.equal((await ids()).length, 2);
    assert.equal((await ids('--latest', '1')).length, 2);
    assert.deepEqual(await ids('--latest', '1', '--group-by', 'host'), [bench.snapshot]);
    assert.deepEqual(await ids(bench.snapshot.slice(0, 8)), [bench.snapshot]);
  });

  test('is checked in parts: n of m, a share, or so many bytes', async () => {
    const bytesRead = async (subset: string): Promise<number> => {
      const { stdout } = await bench.run('check', '--json', '--read-data-subset', subset);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '').bytesRead;
    };
    const all = await bytesRead('100%');
    const parts = [await bytesRead('1/2'), await bytesRead('2/2')];
    assert.equal((parts[0] ?? 0) + (parts[1] ?? 0), all);
    assert.ok((await bytesRead('1k')) > 0);
    assert.equal((await bench.run('check', '--read-data-subset', '3/2')).code, 2);
  });
});

function pathsOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('/'));
}

/** Names in a listing for ncdu, as one text. */
function names(item: unknown): unknown {
  return Array.isArray(item) ? item.map(names) : (item as Document).name;
}

function contentOf(folder: string): ReturnType<typeof describeFiles> {
  return new Map([...describeFiles(folder)].filter(([name]) => name !== ''));
}

/** Written apart from the product, from the directory at the end of the archive. */
function readZip(archive: Buffer): ReadonlyMap<string, Buffer> {
  const members = new Map<string, Buffer>();
  const end = archive.length - 22;
  const end64 = Number(archive.readBigUInt64LE(end - 20 + 8));
  let at = Number(archive.readBigUInt64LE(end64 + 48));
  for (let left = Number(archive.readBigUInt64LE(end64 + 32)); left > 0; left -= 1) {
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    const extra = at + 46 + nameBytes + 4;
    const [plain, packed, offset] = [0, 8, 16].map((field) => Number(archive.readBigUInt64LE(extra + field)));
    const local = offset ?? 0;
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(start, start + (packed ?? 0));
    const content = archive.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes;
    assert.equal(content.length, plain);
    members.set(name, content);
    at += 46 + nameBytes + archive.readUInt16LE(at + 30);
  }
  return members;
}
