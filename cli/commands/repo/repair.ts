import type { Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { defineRepairIndex } from './rebuild-index.ts';
import { defineRepairPacks } from './repair/packs.ts';
import { defineRepairSnapshots } from './repair/snapshots.ts';

export function defineRepoRepair({ parent, ...definition }: Definition): void {
  const group = parent.command('repair').description('save what can be saved of a damaged repository');
  const inner = { parent: group, ...definition };
  for (const define of [defineRepairIndex, defineRepairPacks, defineRepairSnapshots]) define(inner);
  withExamples(group, [
    ['resguardo repo check --read-data --repo /srv/backup', 'first: what is damaged, and in which packs'],
    ['resguardo repo repair index --repo /srv/backup', 'second: an index of what is there'],
    ['resguardo repo repair packs 1a2b3c4d --repo /srv/backup', 'third: what is whole of damaged packs'],
    ['resguardo repo repair snapshots --forget --repo /srv/backup', 'last: snapshots without what is lost'],
  ]);
}
