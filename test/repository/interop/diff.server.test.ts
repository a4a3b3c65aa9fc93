import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jsonOf, runCommand } from '../../cli/command-line.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

type Document = Readonly<Record<string, unknown>>;

/** Two snapshots of a folder in which all kinds of things happen. */
async function changedFolder(t: TestContext) {
  const { repository, folder } = await testRepository(t);
  const source = await temporaryFolder(t);
  const at = (...names: readonly string[]): string => join(source, ...names);
  for (const name of ['same', 'gone', 'Mixed', 'type']) mkdirSync(at(name, 'deep'), { recursive: true });
  for (const name of [
    'same/a',
    'same/deep/b',
    'gone/c',
    'gone/deep/d',
    'Mixed/e',
    'Mixed/f.TXT',
    'g',
    'type/h',
  ]) {
    writeFileSync(at(name), `content of ${name} `.repeat(200));
  }
  writeFileSync(at('rotten'), 'good content');
  utimesSync(at('rotten'), 1_000_000_000, 1_000_000_000);
  symlinkSync('a', at('link'));
  const { snapshot: before } = await backUpFiles(repository, { paths: [source] });
  rmSync(at('gone'), { recursive: true });
  mkdirSync(at('new', 'deep'), { recursive: true });
  writeFileSync(at('new', 'deep', 'f.txt'), 'new');
  writeFileSync(at('Mixed', 'e'), 'changed');
  chmodSync(at('g'), 0o600);
  rmSync(at('type', 'h'));
  symlinkSync('x', at('type', 'h'));
  rmSync(at('type', 'deep'), { recursive: true });
  writeFileSync(at('type', 'deep'), 'a file now');
  const { snapshot: after } = await backUpFiles(repository, { paths: [source] });
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  return { folder, before, after, env, source };
}

test('diff reports what restic 0.19.1 reports, with and without metadata', async (t) => {
  const { folder, before, after, env } = await changedFolder(t);
  const restic = await Restic.of('0.19.1', folder);
  for (const options of [[], ['--metadata']]) {
    const theirs: readonly Document[] = (await restic.run('diff', '--json', ...options, before, after))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ours = jsonOf(await runCommand(['diff', '--json', ...options, before, after], { env }));
    assert.ok(theirs.length > 10);
    assert.deepEqual(ours, theirs);
  }
});

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`diff prints the lines of restic ${version}, and find finds the same files`, async (t) => {
    const { folder, before, after, env, source } = await changedFolder(t);
    const restic = await Restic.of(version, folder);
    const changes = (text: string): readonly string[] =>
      text.split('\n').filter((line) => /^[-+MTU?]+ +\//.test(line));
    const ours = await runCommand(['diff', before, after], { env });
    assert.equal(ours.code, 0, ours.stderr);
    // Marks of content that changed by itself came later than 0.14.0.
    assert.deepEqual(changes(ours.stdout), changes(await restic.run('diff', before, after)));
    const searches = [['f*'], ['-i', '*.TXT'], ['deep'], [`${source}/**/[bd]`], ['same/a', 'e'], ['none']];
    for (const search of searches) {
      const found = jsonOf(await runCommand(['find', '--json', ...search], { env }));
      const theirs = JSON.parse(await restic.run('find', '--json', ...search));
      assert.deepEqual(foundPaths(found), foundPaths(theirs), search.join(' '));
    }
  });
}

test('diff of one folder shows that folder alone, with whole paths', async (t) => {
  const { before, after, env, source } = await changedFolder(t);
  const { stdout } = await runCommand(['diff', before, after, join(source, 'Mixed')], { env });
  assert.match(stdout, new RegExp(`^M    ${source}/Mixed/e\n\nFiles    0 new, 0 removed, 1 changed\n`));
  const missing = await runCommand(['diff', before, after, '/nowhere'], { env });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /has no folder \/nowhere/);
});

function foundPaths(document: unknown): readonly string[] {
  assert.ok(Array.isArray(document));
  return document
    .flatMap(({ snapshot, matches }) => matches.map(({ path }: { path: string }) => `${snapshot} ${path}`))
    .sort();
}
