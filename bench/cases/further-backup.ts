import type { Contender } from '../contenders/contender.ts';
import { measure } from '../measure.ts';
import { type Case, copyOfBackup } from './case.ts';

export const furtherBackups: readonly Case[] = [
  {
    id: 'P2',
    title: 'the tree again, unchanged, by one key file',
    target: 0.35,
    isFor: canCopy,
    prepare: async (turn) => copyOfBackup(turn, turn.reference, await turn.data.tree()),
    run: async ({ contender, repository, data }) => measure(contender.backup(repository, await data.tree())),
  },
  {
    id: 'P7',
    title: 'the SQL text of the next day, of which 1 % of the rows changed',
    target: 1.05,
    figure: 'added bytes',
    isFor: canCopy,
    prepare: async (turn) => copyOfBackup(turn, turn.reference, await turn.data.sql()),
    run: async ({ contender, repository, data }) =>
      measure(contender.backup(repository, await data.nextSql())),
  },
];

/** Borg takes the next copy of a repository for an attack. By one key file, key derivation costs the same for all. */
export function canCopy({ opensRestic }: Contender): boolean {
  return opensRestic;
}
