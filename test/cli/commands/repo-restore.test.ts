import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backUpFiles } from '../../repository/back-up.ts';
import { assertSameFiles, describeFiles } from '../../repository/describe-files.ts';
import { Restic } from '../../repository/interop/restic.ts';
import { testPassword, testRepository } from '../../repository/test-repository.ts';
import { jsonLinesOf, runCommand, temporaryFolder } from '../command-line.ts';

const largeBytes = 3_000_000;

/** A snapshot of a folder, and targets that hold an older and changed copy of it. */
async function snapshotAndTargets(t: TestContext) {
  const { repository, folder } = await testRepository(t);
  const source = await temporaryFolder(t);
  mkdirSync(join(source, 'below'));
  for (const name of ['same', 'older', 'newer', 'below/kept', 'below/Photo.JPG', 'shorter']) {
    writeFileSync(join(source, name), `content of ${name}`);
    utimesSync(join(source, name), 1_500_000_000, 1_500_000_000);
  }
  const large = Buffer.concat([randomBytes(largeBytes), Buffer.alloc(2_000_000), randomBytes(1000)]);
  writeFileSync(join(source, 'large'), large);
  symlinkSync('same', join(source, 'link'));
  for (const name of ['large', 'link', 'below'])
    lutimesSync(join(source, name), 1_500_000_000, 1_500_000_000);
  const { snapshot } = await backUpFiles(repository, { paths: [source] });
  const makeTarget = async (): Promise<string> => {
    const target = await temporaryFolder(t);
    const at = (name: string): string => join(target, name);
    cpSync(source, target, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    for (const [name, time] of [
      ['older', 1_400_000_000],
      ['newer', 1_600_000_000],
    ] as const) {
      writeFileSync(at(name), 'changed here!');
      utimesSync(at(name), time, time);
    }
    writeFileSync(at('shorter'), 'x');
    writeFileSync(at('extra'), 'not in the snapshot');
    mkdirSync(at('below/extra folder'));
    symlinkSync(source, at('below/extra folder/link'));
    const changed = Buffer.from(large);
    changed.fill(1, largeBytes + 900_000, largeBytes + 900_100);
    changed.fill(2, 10, 20);
    writeFileSync(at('large'), changed);
    for (const name of [
      'large',
      'shorter',
      'extra',
      'link',
      'below/extra folder/link',
      'below/extra folder',
      'below',
    ]) {
      lutimesSync(at(name), 1_450_000_000, 1_450_000_000);
    }
    return target;
  };
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  const restore = (...args: readonly string[]) => runCommand(['repo', 'restore', '--json', ...args], { env });
  const restic = await Restic.of('0.19.1', folder);
  return { source, snapshot, makeTarget, restore, restic, inside: `${snapshot}:${source}` };
}

/** Neither program changes the target itself. */
function insideOf(target: string): ReturnType<typeof describeFiles> {
  return new Map([...describeFiles(target)].filter(([name]) => name !== ''));
}

for (const options of [
  ['--overwrite', 'always', '--delete'],
  ['--overwrite', 'if-changed'],
  ['--overwrite', 'if-newer', '--delete', '--exclude', 'extra'],
  ['--overwrite', 'never'],
]) {
  test(`a target that is not empty becomes what restic makes of it: ${options.join(' ')}`, async (t) => {
    const { inside, makeTarget, restore, restic, source } = await snapshotAndTargets(t);
    const [ours, theirs] = [await makeTarget(), await makeTarget()];
    const { code, stderr } = await restore(inside, '--target', ours, ...options);
    assert.equal(code, 0, stderr);
    await restic.run('restore', inside, '--target', theirs, ...options);
    assertSameFiles(insideOf(ours), insideOf(theirs));
    assert.ok(existsSync(join(source, 'same')), 'nothing behind a link was removed');
  });
}

test('of a large file only what differs is written, where it lies', async (t) => {
  const { inside, source, makeTarget, restore } = await snapshotAndTargets(t);
  const target = await makeTarget();
  const { ino } = lstatSync(join(target, 'large'));
  const end = await restore(inside, '--target', target, '--overwrite', '--include', '/large', '--verify');
  assert.equal(end.code, 0, end.stderr);
  assert.ok(readFileSync(join(target, 'large')).equals(readFileSync(join(source, 'large'))));
  assert.equal(lstatSync(join(target, 'large')).ino, ino);
  assert.ok(Number(jsonLinesOf(end).at(-1)?.bytesSkipped) > 1_000_000);
  assert.ok(existsSync(join(target, 'extra')), 'nothing else was touched');
});

test('a file with another name outside of the snapshot is not written through', async (t) => {
  const { inside, makeTarget, restore, source } = await snapshotAndTargets(t);
  const target = await makeTarget();
  const other = join(await temporaryFolder(t), 'other name');
  linkSync(join(target, 'large'), other);
  const before = readFileSync(other);
  const { code, stderr } = await restore(inside, '--target', target, '--overwrite', 'always');
  assert.equal(code, 0, stderr);
  assert.ok(readFileSync(other).equals(before));
  assert.ok(readFileSync(join(target, 'large')).equals(readFileSync(join(source, 'large'))));
});

test('a dry run names what would go, counts the rest, and changes nothing', async (t) => {
  const { inside, makeTarget, restore } = await snapshotAndTargets(t);
  const target = await makeTarget();
  const before = describeFiles(target);
  const end = await restore(inside, '--target', target, '--overwrite', '--delete', '--dry-run');
  assert.equal(end.code, 0, end.stderr);
  const lines = jsonLinesOf(end);
  const gone = lines.filter(({ action }) => action === 'delete').map(({ path }) => path);
  assert.deepEqual(gone, ['/extra', '/below/extra folder']);
  assert.partialDeepStrictEqual(lines.at(-1), { counts: { create: 0, delete: 2, unchanged: 3 } });
  assertSameFiles(describeFiles(target), before);
});

test('patterns choose what is restored, with and without capital letters', async (t) => {
  const { inside, snapshot, source, restore } = await snapshotAndTargets(t);
  const restored = async (id: string, ...options: readonly string[]): Promise<readonly string[]> => {
    const target = join(await temporaryFolder(t), 'new');
    const { code, stderr } = await restore(id, '--target', target, ...options);
    assert.equal(code, 0, stderr);
    return readdirSync(target, { recursive: true, encoding: 'utf8' }).toSorted();
  };
  assert.deepEqual(await restored(inside, '--iinclude', '*.jpg', '--include', 'o*r'), [
    'below',
    'below/Photo.JPG',
    'older',
  ]);
  assert.deepEqual(await restored(inside, '--exclude', 'large', '--iexclude', '/BELOW', '--exclude', '*er'), [
    'link',
    'same',
  ]);
  const whole = await restored(snapshot, '--include', join(source, 'below', 'kept'));
  assert.equal(whole.at(-1), join(source, 'below', 'kept').slice(1));
  const none = await restore(inside, '--target', '/nowhere', '--include', 'none*');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /nothing that matches none\*/);
});

test('--delete needs --overwrite, and patterns where the target is all of the machine', async (t) => {
  const { inside, restore } = await snapshotAndTargets(t);
  const empty = await restore(inside, '--target', '/tmp/x', '--delete');
  assert.match(empty.stderr, /not empty/);
  const all = await restore(inside, '--target', '//', '--delete', '--overwrite');
  assert.match(all.stderr, /would remove all/);
  assert.deepEqual([empty.code, all.code], [2, 2]);
});
