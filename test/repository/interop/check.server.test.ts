import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { checkRepository } from '../../../repository/check/check.ts';
import { rebuildIndex } from '../../../repository/rebuild-index.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { noSignal, type TestRepository, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

async function filled(t: TestContext): Promise<TestRepository> {
  const made = await testRepository(t, { packSizeBytes: 64 * 1024 });
  const source = await temporaryFolder(t);
  for (let index = 0; index < 20; index += 1) writeFileSync(`${source}/${index}`, randomBytes(20_000));
  await backUpFiles(made.repository, { paths: [source] });
  return made;
}

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`restic ${version} finds nothing wrong with an index that we wrote anew`, async (t) => {
    const { folder, reopen } = await filled(t);
    for (const name of readdirSync(`${folder}/index`)) rmSync(`${folder}/index/${name}`);
    const { packs, damages } = await rebuildIndex(await reopen(), { signal: noSignal });
    assert.deepEqual(damages, []);
    assert.ok(packs > 3);
    await (await Restic.of(version, folder)).run('check', '--read-data');
  });

  test(`we find nothing wrong after restic ${version} has pruned and repacked`, async (t) => {
    const { folder, reopen } = await filled(t);
    const restic = await Restic.of(version, folder);
    const source = await temporaryFolder(t);
    writeFileSync(`${source}/only`, randomBytes(100_000));
    const { snapshot } = await restic.backUp(source);
    const [first] = JSON.parse(await restic.run('snapshots', '--json'));
    await restic.run('forget', String(first.id), '--prune', '--max-unused', '0');
    const result = await checkRepository(await reopen(), { readDataPercent: 100, signal: noSignal });
    assert.deepEqual(result.damages, []);
    assert.deepEqual([result.snapshots, result.notes], [1, []]);
    assert.match(snapshot, /^[0-9a-f]+$/);
  });

  test(`damage that restic ${version} finds is found by us too`, async (t) => {
    const { folder, reopen } = await filled(t);
    const restic = await Restic.of(version, folder);
    const shard = readdirSync(`${folder}/data`).find(
      (name) => readdirSync(`${folder}/data/${name}`).length > 0,
    );
    const [pack] = readdirSync(`${folder}/data/${shard}`);
    const path = `${folder}/data/${shard}/${pack}`;
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 0x40;
    rmSync(path);
    writeFileSync(path, bytes);
    await assert.rejects(restic.run('check', '--read-data'));
    const { damages } = await checkRepository(await reopen(), { readDataPercent: 100, signal: noSignal });
    assert.ok(damages.some((text) => text.includes(`The pack ${pack?.slice(0, 8)} is damaged`)));
  });
}
