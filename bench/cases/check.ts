import { measure } from '../measure.ts';
import { type Case, copyOfBackup } from './case.ts';

export const checks: readonly Case[] = [
  {
    id: 'P6-tree',
    title: 'check --read-data of the tree',
    target: 0.7,
    prepare: async (turn) => copyOfBackup(turn, turn.contender, await turn.data.tree()),
    run: ({ contender, repository }) => measure(contender.check(repository)),
  },
  {
    id: 'P6-sql',
    title: 'check --read-data of the SQL text',
    target: 0.7,
    prepare: async (turn) => copyOfBackup(turn, turn.contender, await turn.data.sql()),
    run: ({ contender, repository }) => measure(contender.check(repository)),
  },
];
