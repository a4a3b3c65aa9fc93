import { mkdir, rm } from 'node:fs/promises';
import { type Measurement, measure } from '../measure.ts';
import { type Case, copyOfBackup, type Turn } from './case.ts';

export const restores: readonly Case[] = [
  {
    id: 'P5-tree',
    title: 'restore of the tree',
    target: 0.9,
    isFor: ({ restore }) => restore !== undefined,
    prepare: async (turn) => copyOfBackup(turn, turn.contender, await turn.data.tree()),
    run: restore,
  },
  {
    id: 'P5-sql',
    title: 'restore of the SQL text',
    target: 0.6,
    isFor: ({ restore }) => restore !== undefined,
    prepare: async (turn) => copyOfBackup(turn, turn.contender, await turn.data.sql()),
    run: restore,
  },
];

async function restore({ contender, repository }: Turn): Promise<Measurement> {
  const target = `${repository}-restored`;
  const command = contender.restore?.(repository, target);
  if (!command) throw new Error(`${contender.name} has no command to restore`);
  try {
    await mkdir(target);
    return await measure(command);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}
