import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLinesOf, runCommand } from '../../cli/command-line.ts';
import { assertSameFiles, describeFiles } from '../describe-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

test('many writers at once, restic among them, leave a whole repository with all of their snapshots', async (t) => {
  const { folder } = await testRepository(t);
  const sources = await temporaryFolder(t);
  const shared = Array.from({ length: 20 }, () => randomBytes(40_000));
  const writers = Array.from({ length: 6 }, (_, number) => {
    const source = join(sources, String(number));
    mkdirSync(source);
    // Neighbours share half of their files, and everybody is about to store them.
    for (const [index, content] of shared.slice(number * 2, number * 2 + 8).entries()) {
      writeFileSync(join(source, `file ${index}`), content);
    }
    writeFileSync(join(source, 'own'), randomBytes(200_000));
    return source;
  });
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  const restic = await Restic.of('0.19.1', folder);
  const snapshots = await Promise.all(
    writers.map(async (source, number) => {
      if (number % 3 === 2) return (await restic.backUp(source)).snapshot;
      const end = await runCommand(['repo', 'backup', '--json', source], { env });
      assert.equal(end.code, 0, end.stderr);
      return String(jsonLinesOf(end).at(-1)?.snapshot);
    }),
  );
  // An exclusive operation waits for whoever is at work.
  const [another, pruned] = await Promise.all([
    restic.backUp(writers[0] ?? ''),
    runCommand(['repo', 'prune', '--delete-delay', '0s', '--retry-lock', '2m'], { env }),
  ]);
  assert.equal(pruned.code, 0, pruned.stderr);
  await restic.run('check', '--read-data');
  const target = await temporaryFolder(t);
  for (const [number, snapshot] of [...snapshots, another.snapshot].entries()) {
    const source = writers[number] ?? writers[0] ?? '';
    const copy = join(target, String(number));
    const end = await runCommand(['repo', 'restore', `${snapshot}:${source}`, '--target', copy], { env });
    assert.equal(end.code, 0, end.stderr);
    assertSameFiles(insideOf(copy), insideOf(source));
  }
  assert.deepEqual(readdirSync(join(folder, 'locks')), []);
});

function insideOf(folder: string): ReturnType<typeof describeFiles> {
  return new Map([...describeFiles(folder)].filter(([name]) => name !== ''));
}
