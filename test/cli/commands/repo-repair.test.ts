import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backUpFiles } from '../../repository/back-up.ts';
import { Restic } from '../../repository/interop/restic.ts';
import { testPassword, testRepository } from '../../repository/test-repository.ts';
import { jsonLinesOf, jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

type Document = Readonly<Record<string, unknown>>;

/** Two snapshots, each with data packs of its own. */
async function twoSnapshots(t: TestContext) {
  const { repository, folder, reopen } = await testRepository(t);
  const source = await temporaryFolder(t);
  const write = (name: string): Promise<void> =>
    writeFile(join(source, name), `content of ${name} `.repeat(300));
  await write('one');
  await write('secret.key');
  const { snapshot: first } = await backUpFiles(repository, { paths: [source] });
  await write('two');
  const { snapshot: second } = await backUpFiles(repository, { paths: [source] });
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  const run = (...args: readonly string[]) => runCommand(['repo', ...args], { env, cwd: source });
  return {
    repository,
    reopen,
    folder,
    source,
    first,
    second,
    run,
    restic: await Restic.of('0.19.1', folder),
  };
}

test('rewrite takes files out of all snapshots, as restic would', async (t) => {
  const { source, second, run, restic } = await twoSnapshots(t);
  const dry = await run('rewrite', '--exclude', '*.key', '--dry-run');
  assert.match(dry.stdout, /2 snapshots of 2 would change/, dry.stderr);
  const { code, stdout, stderr } = await run('rewrite', '--json', '--exclude', '*.key', second.slice(0, 8));
  assert.equal(code, 0, stderr);
  const [{ new: rewritten }] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '').snapshots;
  const listed = await restic.run('ls', rewritten, '--recursive', source);
  assert.match(listed, /\/one\n/);
  assert.doesNotMatch(listed, /secret/);
  const all: readonly Document[] = JSON.parse(await restic.run('snapshots', '--json'));
  assert.equal(all.length, 3, 'the old one stays');
  const found = all.find(({ id }) => id === rewritten);
  assert.partialDeepStrictEqual(found, { original: second, tags: ['rewrite'] });

  await restic.run('rewrite', '--exclude', '*.key', '--forget');
  const ours = await run('rewrite', '--exclude', '*.key', '--forget');
  assert.match(ours.stdout, /Changed 0 snapshots of 3/, 'restic has done the same already');
  await restic.run('check', '--read-data');
});

test('rewrite keeps what is included, and changes host and time', async (t) => {
  const { source, first, second, run, restic } = await twoSnapshots(t);
  const { code, stderr } = await run(
    ...[
      'rewrite',
      '--forget',
      '--include',
      '*/two',
      '--new-host',
      'web2',
      '--new-time',
      '2020-01-02 03:04:05',
    ],
  );
  assert.equal(code, 0, stderr);
  const all: readonly Document[] = JSON.parse(await restic.run('snapshots', '--json'));
  assert.equal(all.length, 1, 'nothing was left of the first one');
  assert.partialDeepStrictEqual(all[0], { hostname: 'web2', original: second });
  assert.ok(first !== all[0]?.id);
  assert.equal(Date.parse(String(all[0]?.time)), new Date('2020-01-02T03:04:05').getTime());
  const listed = await restic.run('ls', 'latest', '--recursive', source);
  assert.deepEqual(listed.trim().split('\n').slice(-1), [join(source, 'two')]);
});

test('repair brings back what is whole of a damaged repository, and names what is lost', async (t) => {
  const { folder, source, second, run, restic, reopen } = await twoSnapshots(t);
  const repository = await reopen();
  const packs = [...repository.index.blobsByPack()].filter(({ blobs }) => blobs[0]?.type === 'data');
  const damaged = packs.find(({ blobs }) => blobs.length === 2);
  assert.ok(damaged);
  const path = join(folder, 'data', damaged.id.slice(0, 2), damaged.id);
  const bytes = await readFile(path);
  const [blob] = damaged.blobs;
  bytes[(blob?.offset ?? 0) + 20] = (bytes[(blob?.offset ?? 0) + 20] ?? 0) ^ 1;
  await rm(path);
  await writeFile(path, bytes);
  assert.equal((await run('check', '--read-data')).code, 4);

  const packed = await run('repair', 'packs', damaged.id.slice(0, 8), '--json');
  assert.equal(packed.code, 0, packed.stderr);
  assert.partialDeepStrictEqual(jsonOf(packed), { blobsSaved: 1, blobsLost: 1 });
  assert.deepEqual(await readFile(join(source, `pack-${damaged.id}`)), bytes, 'a copy is kept');
  const dry = await run('repair', 'snapshots', '--dry-run');
  assert.match(dry.stderr, /1 of its 1 parts are lost/);
  const repaired = await run('repair', 'snapshots', '--forget', '--json');
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.partialDeepStrictEqual(jsonLinesOf(repaired).at(-1), { losses: 2 });
  assert.equal((await run('check', '--read-data')).code, 0);
  await restic.run('check', '--read-data');
  const listed = await restic.run('ls', 'latest', '--recursive', source);
  assert.match(listed, /\/two\n/);
  assert.doesNotMatch(await restic.run('snapshots'), new RegExp(second.slice(0, 8)));
});

test('folders that no snapshot names any more are recovered', async (t) => {
  const { folder, source, first, second, run, restic } = await twoSnapshots(t);
  assert.match((await run('recover')).stdout, /nothing to recover/);
  for (const id of [first, second]) await rm(join(folder, 'snapshots', id));
  const { code, stdout, stderr } = await run('recover', '--json');
  assert.equal(code, 0, stderr);
  const { snapshot, trees } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  assert.equal(trees.length, 2);
  const listed = await restic.run('ls', snapshot);
  assert.match(listed, new RegExp(`^/[0-9a-f]{8}${source}/two$`, 'm'));
  assert.match((await run('recover')).stdout, /nothing to recover/, 'it is there once');
});

test('an index is made of the packs alone when nothing of the old one is trusted', async (t) => {
  const { folder, run, restic } = await twoSnapshots(t);
  const before = await readdir(join(folder, 'index'));
  const { code, stdout, stderr } = await run('repair', 'index', '--read-all-packs');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /4 packs: 4 added/);
  assert.ok((await readdir(join(folder, 'index'))).every((name) => !before.includes(name)));
  await restic.run('check', '--read-data');
});
