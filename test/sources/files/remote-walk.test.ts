import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
import { encodeMetadata } from '../../../repository/tree/encode.ts';
import { localUtcOffset } from '../../../repository/tree/time.ts';
import { createFilesSource, type FilesSourceOptions } from '../../../sources/files/source.ts';
import { makeNastyTree } from '../../repository/nasty-tree.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';

const { signal } = new AbortController();

interface Listing {
  /** A line for each entry: all that a backup would store of it, and where its content lies. */
  readonly lines: readonly string[];
  readonly warnings: readonly Warning[];
}

async function listing(options: FilesSourceOptions): Promise<Listing> {
  const lines: string[] = [];
  const warnings: Warning[] = [];
  const visit = async (entries: AsyncIterable<Entry> | Iterable<Entry>, above: string): Promise<void> => {
    for await (const entry of entries) {
      const json = entry.encoded ?? encodeMetadata(entry.name, entry.metadata, localUtcOffset()).json;
      const decoded = encodeMetadata(entry.name, entry.metadata, localUtcOffset()).json;
      assert.deepEqual(json, decoded, 'what is encoded says what the metadata say');
      lines.push(`${above} ${json.toString()} ${entry.kind === 'file' ? stampLine(entry) : entry.kind}`);
      if (entry.kind === 'directory')
        await visit(entry.children(), `${above}/${entry.name.toString('latin1')}`);
    }
  };
  await visit(createFilesSource(options).capture({ signal, warn: (warning) => warnings.push(warning) }), '');
  return { lines, warnings };
}

function stampLine(entry: Extract<Entry, { readonly kind: 'file' }>): string {
  const { mtimeNs, ctimeNs, size, inode, deviceId, uid } = entry.stamp ?? entry.metadata;
  // A stamp's times go as far as 64 bits do.
  const times = [mtimeNs, ctimeNs].map((time) => BigInt.asIntN(64, time));
  return [entry.path.toString('latin1'), ...times, size ?? 0n, inode, deviceId, uid].join(' ');
}

/** Below the folder: those above it belong to others, who may change them meanwhile. */
function below(folder: string, lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith(`${folder} `) || line.startsWith(`${folder}/`));
}

async function assertSame(folder: string, options: Partial<FilesSourceOptions> = {}): Promise<Listing> {
  const here = await listing({ paths: [folder], ...options });
  const there = await listing({ paths: [folder], ...options, localItems: 0 });
  assert.deepEqual(below(folder, there.lines), below(folder, here.lines));
  assert.deepEqual(there.warnings, here.warnings);
  const ahead = await listing({ paths: [folder], ...options, localItems: 1, listsAhead: true });
  assert.deepEqual(below(folder, ahead.lines), below(folder, here.lines));
  assert.deepEqual(ahead.warnings, here.warnings);
  return there;
}

test('a thread lists names, modes, times, links and attributes as it is done without one', async (t) => {
  const folder = await temporaryFolder(t);
  makeNastyTree(folder);
  const { lines } = await assertSame(folder);
  assert.ok(below(folder, lines).length > 300);
});

test('a thread leaves out what patterns and markers leave out', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ['a', 'a/b', 'cache', 'kept']) mkdirSync(`${folder}/${name}`);
  for (const name of ['a/x.tmp', 'a/b/Y.TMP', 'a/b/large', 'cache/.nobackup', 'cache/z', 'kept/w']) {
    writeFileSync(`${folder}/${name}`, name.endsWith('large') ? 'x'.repeat(200) : '');
  }
  symlinkSync('nowhere', `${folder}/kept/link`);
  const { lines } = await assertSame(folder, {
    exclude: ['*.tmp'],
    iexclude: ['y.tmp'],
    excludeIfPresent: ['.nobackup'],
    excludeLargerThanBytes: 100,
    oneFileSystem: true,
  });
  const names = below(folder, lines).map((line) => /"name":"([^"]*)"/.exec(line)?.[1]);
  assert.deepEqual(names, ['a', 'b', 'cache', '.nobackup', 'kept', 'link', 'w']);
});

test('more items than a thread lists ahead arrive whole and in order', async (t) => {
  const folder = await temporaryFolder(t);
  for (let index = 0; index < 60; index += 1) {
    mkdirSync(`${folder}/${index}`);
    for (let file = 0; file < 60; file += 1) writeFileSync(`${folder}/${index}/${file}`, '');
  }
  const { lines } = await assertSame(folder);
  assert.equal(below(folder, lines).length, 60 * 61);
});

test('what a thread cannot list is a warning in its place', async (t) => {
  const folder = await temporaryFolder(t);
  const deep = `${folder}/${`${'d'.repeat(250)}/`.repeat(15)}`;
  const [long, longer] = ['e'.repeat(250), `${'e'.repeat(250)}/${'f'.repeat(250)}`];
  mkdirSync(deep, { recursive: true });
  const before = process.cwd();
  process.chdir(deep);
  try {
    mkdirSync(longer, { recursive: true });
    const { warnings } = await assertSame(folder);
    assert.match(warnings[0]?.message ?? '', /longer than the system allows/);
  } finally {
    rmSync(long, { recursive: true });
    process.chdir(before);
  }
});

test('several paths are listed ahead in the order in which they are stored', async (t) => {
  const folder = await temporaryFolder(t);
  for (const name of ['b', 'b/in', 'a', 'a/in', 'c']) mkdirSync(`${folder}/${name}`);
  for (const name of ['b/in/x', 'b/y', 'a/in/z', 'single']) writeFileSync(`${folder}/${name}`, name);
  const paths = ['b', 'single', 'a', 'c'].map((name) => `${folder}/${name}`);
  const here = await listing({ paths });
  const ahead = await listing({ paths, localItems: 1, listsAhead: true });
  assert.deepEqual(below(folder, ahead.lines), below(folder, here.lines));
  assert.ok(below(folder, here.lines).length >= 9);
  // A path inside another one is asked for in the middle of it.
  const nested = [folder, `${folder}/b/in`];
  const { lines } = await listing({ paths: nested, localItems: 1, listsAhead: true, exclude: ['in'] });
  assert.deepEqual(
    below(folder, lines),
    below(folder, (await listing({ paths: nested, exclude: ['in'] })).lines),
  );
});

test('a listing ahead that nobody asks for ends when the source is closed', async (t) => {
  const folder = await temporaryFolder(t);
  makeNastyTree(folder);
  const source = createFilesSource({ paths: [folder], localItems: 1, listsAhead: true });
  source.capture({ signal, warn: () => {} });
  await source.close();
  await source.close();
});
