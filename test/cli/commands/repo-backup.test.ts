import assert from 'node:assert/strict';
import { mkdir, readdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Restic } from '../../repository/interop/restic.ts';
import { jsonLinesOf, jsonOf, makeRepository, runCommand, temporaryFolder } from '../command-line.ts';

type Document = Readonly<Record<string, unknown>>;

/** A repository, a folder of files, and ways to look at what is stored. */
async function bench(t: TestContext, ...names: readonly string[]) {
  const folder = await temporaryFolder(t);
  const { env, path } = await makeRepository(folder);
  const data = join(folder, 'data');
  for (const name of names) {
    await mkdir(join(data, name, '..'), { recursive: true });
    await writeFile(join(data, name), `content of ${name}`);
  }
  const restic = await Restic.of('0.19.1', path);
  const backUp = async (...args: readonly string[]) => {
    const end = await runCommand(['repo', 'backup', '--json', ...args], { env, cwd: folder });
    return { ...end, result: jsonLinesOf(end).at(-1) ?? {} };
  };
  const listed = async (snapshot: unknown): Promise<readonly string[]> => {
    const text = await restic.run('ls', '--recursive', String(snapshot), data);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${data}/`))
      .map((line) => line.slice(data.length + 1))
      .toSorted();
  };
  return { folder, data, env, path, restic, backUp, listed };
}

test('excludes leave out what they leave out in restic', async (t) => {
  const { folder, data, restic, backUp, listed } = await bench(
    t,
    'keep',
    'a.tmp',
    'B.TMP',
    'c.Iso',
    'from-file.log',
    'deep/important.log',
    'cached/CACHEDIR.TAG',
    'cached/left',
    'tagged/.nobackup',
    'tagged/left',
    'other-header/.nobackup',
    'other-header/kept',
    'large',
  );
  await writeFile(join(data, 'cached/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
  await writeFile(join(data, 'tagged/.nobackup'), 'yes, really');
  await writeFile(join(data, 'large'), Buffer.alloc(3000));
  await writeFile(join(folder, 'rules'), '# a comment\n  *.log  \n!important.log\n');
  await writeFile(join(folder, 'irules'), '*.ISO\n');
  const excludes = [
    ...['--exclude', '*.tmp', '--iexclude', 'b.*', '--exclude-caches', '--exclude-larger-than', '2k'],
    ...['--exclude-file', join(folder, 'rules'), '--iexclude-file', join(folder, 'irules')],
    ...['--exclude-if-present', '.nobackup:yes'],
  ];
  const ours = await backUp('data', ...excludes);
  assert.equal(ours.code, 0, ours.stderr);
  const theirs = await restic.backUp(data, ...excludes);
  const names = await listed(ours.result.snapshot);
  assert.deepEqual(names, await listed(theirs.snapshot));
  assert.deepEqual(names, [
    'cached',
    'cached/CACHEDIR.TAG',
    'deep',
    'deep/important.log',
    'keep',
    'other-header',
    'other-header/.nobackup',
    'other-header/kept',
    'tagged',
    'tagged/.nobackup',
  ]);
});

test('ignore files name what is left out of their folders', async (t) => {
  const { data, backUp, listed } = await bench(
    t,
    'a.o',
    'kept.o',
    'build/x',
    'src/build',
    'src/main.c',
    'src/deep/only-here',
    'only-here',
    'src/a.o',
  );
  await writeFile(join(data, '.gitignore'), '*.o\n!kept.o\nbuild/\n/src/deep/only-*\n');
  await writeFile(join(data, 'src/.gitignore'), '!a.o\n');
  const { result } = await backUp('data', '--ignore-file', '.gitignore');
  assert.deepEqual(await listed(result.snapshot), [
    '.gitignore',
    'kept.o',
    'only-here',
    'src',
    'src/.gitignore',
    'src/a.o',
    'src/build',
    'src/deep',
    'src/main.c',
  ]);
});

test('lists of files are read as restic reads them', async (t) => {
  const { folder, data, restic, backUp, listed } = await bench(t, 'one', 'two', 'x1', 'x2', '#odd name ');
  await writeFile(join(folder, 'patterns'), `# comment\n${data}/x*\n\n${data}/none*\n`);
  await writeFile(join(folder, 'verbatim'), `${data}/#odd name \n`);
  await writeFile(join(folder, 'raw'), `${data}/two\0`);
  const lists = ['patterns', 'verbatim', 'raw'].flatMap((name, index) => [
    `--files-from${['', '-verbatim', '-raw'][index]}`,
    join(folder, name),
  ]);
  const ours = await backUp(...lists);
  assert.equal(ours.code, 0, ours.stderr);
  assert.match(ours.stderr, /matches nothing/);
  const theirs = await restic.backUp(join(data, 'two'), ...lists);
  assert.deepEqual(await listed(ours.result.snapshot), ['#odd name ', 'two', 'x1', 'x2']);
  assert.deepEqual(await listed(ours.result.snapshot), await listed(theirs.snapshot));
  const broken = await runCommand(['repo', 'backup', '--files-from-raw', 'verbatim'], { cwd: folder });
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /does not end with a zero byte/);
});

test('a dry run tells what would be stored, and stores nothing', async (t) => {
  const { path, env, folder, backUp } = await bench(t, 'one', 'two');
  const before = await readdir(path, { recursive: true });
  const { code, stdout, stderr } = await runCommand(['repo', 'backup', 'data', '--dry-run', '-v'], {
    env,
    cwd: folder,
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^new {8}\S*\/data\/one \(14 B\)$/m);
  assert.match(stdout, /Files {4}2 new, 0 changed, 0 unmodified\n[\s\S]*Snapshot none: this was a dry run\n/);
  assert.deepEqual(await readdir(path, { recursive: true }), before);
  const { result } = await backUp('data');
  const again = await backUp('data', '--dry-run');
  assert.partialDeepStrictEqual(again.result, { dryRun: true, parent: result.snapshot, status: 'done' });
  assert.partialDeepStrictEqual(again.result, { summary: { filesUnmodified: 2, dataBlobs: 0 } });
});

test('the exit status of a program decides whether its output is kept', async (t) => {
  const { env, folder, backUp, restic } = await bench(t);
  const good = await backUp('--stdin-from-command', '--stdin-filename', 'dump.sql', '--', 'echo', 'a  b');
  assert.equal(good.code, 0, good.stderr);
  assert.equal(await restic.run('dump', String(good.result.snapshot), '/dump.sql'), 'a  b\n');
  const script = 'echo half; echo sorry >&2; exit 7';
  const bad = await runCommand(['repo', 'backup', '--stdin-from-command', '--', 'sh', '-c', script], {
    env,
    cwd: folder,
  });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /sh .*7/);
  const snapshots = jsonOf(await runCommand(['repo', 'snapshots', '--json'], { env })) as Document[];
  assert.equal(snapshots.length, 1);
  const missing = await backUp('--stdin-from-command', '--', 'no-such-program');
  assert.equal(missing.result.type, 'ToolMissing');
});

test('of several paths those that are missing are warned of, and the others stored', async (t) => {
  const { backUp, listed } = await bench(t, 'one');
  const { code, stderr, result } = await backUp('data/one', 'data/two');
  assert.equal(code, 3);
  assert.match(stderr, /data\/two: it does not exist/);
  assert.deepEqual(await listed(result.snapshot), ['one']);
  assert.equal((await backUp('nowhere')).result.type, 'SourceMissing');
});

test('a snapshot has the time, host and tags it is given, and the parent that is alike', async (t) => {
  const { backUp, restic } = await bench(t, 'one');
  const early = await backUp(
    'data',
    '--time',
    '2020-01-02 03:04:05',
    '--host',
    'h1',
    '--tag',
    'a,b',
    '--tag',
    'c',
  );
  const late = await backUp('data', '--time', '2022-01-01', '--host', 'h1');
  const between = await backUp('data', '--time', '2021-01-01T00:00:00Z', '--host', 'h1');
  assert.equal(between.result.parent, early.result.snapshot, 'none that is younger');
  assert.equal(late.result.parent, early.result.snapshot);
  assert.equal((await backUp('data', '--host', 'h2')).result.parent, undefined);
  assert.equal((await backUp('data', '--force', '--host', 'h1')).result.parent, undefined);
  const tagged = await backUp('data', '--host', 'h1', '--group-by', 'host,tags', '--tag', 'a,b');
  assert.equal(tagged.result.parent, early.result.snapshot);
  const [found] = JSON.parse(await restic.run('snapshots', '--json', String(early.result.snapshot)));
  assert.deepEqual(found.tags, ['a', 'b', 'c']);
  assert.equal(Date.parse(found.time), new Date('2020-01-02T03:04:05').getTime());
});

test('no snapshot is made when nothing has changed and that is wanted', async (t) => {
  const { data, backUp } = await bench(t, 'one');
  const first = await backUp('data', '--skip-if-unchanged');
  const second = await backUp('data', '--skip-if-unchanged');
  assert.equal(second.code, 0);
  assert.equal(second.result.snapshot, undefined);
  assert.equal(second.result.parent, first.result.snapshot);
  await writeFile(join(data, 'one'), 'changed');
  assert.ok((await backUp('data', '--skip-if-unchanged')).result.snapshot);
});

test('a change of the inode or its time alone need not count', async (t) => {
  const { data, backUp } = await bench(t, 'one');
  await utimes(join(data, 'one'), 1_000_000_000, 1_000_000_000);
  await backUp('data');
  // The same content, size and time of modification in another inode.
  await writeFile(join(data, 'new'), 'content of one');
  await utimes(join(data, 'new'), 1_000_000_000, 1_000_000_000);
  await rename(join(data, 'new'), join(data, 'one'));
  const filesUnmodified = async (...args: readonly string[]) =>
    ((await backUp('data', '--dry-run', ...args)).result.summary as Document).filesUnmodified;
  assert.equal(await filesUnmodified(), 0);
  assert.equal(await filesUnmodified('--ignore-ctime'), 0);
  assert.equal(await filesUnmodified('--ignore-inode'), 1);
});

test('times of access are kept when they are wanted', async (t) => {
  const { data, backUp, restic } = await bench(t, 'one');
  // A little later than the content changed: reading does not move it then.
  const atime = new Date(Math.floor(Date.now() / 1000 - 60) * 1000);
  await utimes(join(data, 'one'), atime, new Date(1_000_000_000_000));
  const { result } = await backUp('data', '--with-atime');
  const lines = (await restic.run('ls', '--json', String(result.snapshot), data)).trim().split('\n');
  const node = lines.map((line) => JSON.parse(line)).find(({ name }) => name === 'one');
  assert.equal(Date.parse(node.atime), atime.getTime());
});

test('the password can come from a program, and a lock can be waited for or done without', async (t) => {
  const { env, path, folder, backUp } = await bench(t, 'one');
  await backUp('data');
  await writeFile(join(folder, 'key file'), 'correct horse\n');
  const bare = { RESTIC_REPOSITORY: path };
  const command = `cat '${folder}/key file'`;
  const list = ['repo', 'snapshots', '--json'];
  for (const options of [
    { args: ['--password-command', command], env: bare },
    { args: [], env: { ...bare, RESTIC_PASSWORD_COMMAND: command } },
    { args: ['--repository-file', 'url'], env: { RESTIC_PASSWORD_COMMAND: command } },
  ]) {
    await writeFile(join(folder, 'url'), `${path}\n`);
    const end = await runCommand([...list, ...options.args], { env: options.env, cwd: folder });
    assert.equal(end.code, 0, end.stderr);
    assert.equal((jsonOf(end) as Document[]).length, 1);
  }
  const locks = join(path, 'locks');
  const withoutLock = await runCommand(['repo', 'ls', 'latest', '--no-lock'], { env });
  assert.equal(withoutLock.code, 0, withoutLock.stderr);
  assert.deepEqual(await readdir(locks), []);
  const refused = await runCommand(['repo', 'backup', 'data', '--no-lock'], { env, cwd: folder });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--no-lock/);
});
