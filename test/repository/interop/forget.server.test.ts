import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeTags } from '../../../repository/tag.ts';
import { jsonLinesOf, runCommand } from '../../cli/command-line.ts';
import { noSignal, snapshotOf, testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

const rules = [
  ['--keep-last', '3'],
  ['--keep-daily', '5', '--keep-monthly', '4'],
  ['--keep-within', '20d', '--keep-tag', 'a,b'],
  ['--keep-within-weekly', '1y', '--keep-hourly', '2', '--host', 'alpha'],
  ['--keep-yearly', '2', '--keep-last', '1', '--group-by', 'host'],
] as const;

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`forget keeps the snapshots that restic ${version} keeps`, async (t) => {
    const { repository, folder } = await testRepository(t);
    const writer = await repository.openWriter();
    const { id: tree } = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
    await writer.finish();
    for (let index = 0; index < 60; index += 1) {
      await repository.commitSnapshot(
        snapshotOf(tree, {
          // Days between them, more and more.
          time: new Date(Date.now() - (index * index * 5 + index) * 3_600_000).toISOString(),
          hostname: index % 3 === 0 ? 'alpha' : 'beta',
          paths: index % 5 === 0 ? ['/etc'] : ['/srv', '/home'],
          tags: index % 7 === 0 ? ['b', 'a'] : index % 2 === 0 ? ['a'] : [],
        }),
      );
    }
    const restic = await Restic.of(version, folder);
    const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
    for (const options of rules) {
      const theirs: readonly { readonly keep: readonly { readonly id: string }[] | null }[] = JSON.parse(
        await restic.run('forget', '--dry-run', '--json', ...options),
      );
      const ours = await runCommand(['repo', 'forget', '--dry-run', '--json', ...options], { env });
      assert.equal(ours.code, 0, ours.stderr);
      const groups = jsonLinesOf(ours).at(-1)?.groups as readonly { keep: readonly { id: string }[] }[];
      assert.deepEqual(keptOf(groups), keptOf(theirs), options.join(' '));
    }
  });

  test(`tags that we change are changed for restic ${version}, and the other way round`, async (t) => {
    const { repository, folder } = await testRepository(t);
    const writer = await repository.openWriter();
    const { id: tree } = await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'));
    await writer.finish();
    const first = await repository.commitSnapshot(snapshotOf(tree, { tags: ['x', 'y'] }));
    const restic = await Restic.of(version, folder);
    const change = { add: ['hold', 'x'], remove: ['y'] };
    const snapshot = await repository.findSnapshot(first);
    const second = await changeTags(repository, snapshot, { change, signal: noSignal });
    const [seen, ...others] = JSON.parse(await restic.run('snapshots', '--json'));
    assert.deepEqual([seen.id, seen.tags, seen.original, others], [second, ['x', 'hold'], first, []]);
    await restic.run('tag', '--set', 'z', String(second));
    const third = await repository.findSnapshot('latest');
    assert.deepEqual([third.tags, third.original], [['z'], first]);
    const same = await changeTags(repository, third, { change: { set: ['z'] }, signal: noSignal });
    assert.equal(same, undefined);
    assert.equal((await repository.findSnapshot('latest')).id, third.id);
  });
}

function keptOf(groups: readonly { readonly keep: readonly { readonly id: string }[] | null }[]) {
  return groups.flatMap(({ keep }) => (keep ?? []).map(({ id }) => id)).sort();
}
