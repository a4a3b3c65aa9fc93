import { measure } from '../measure.ts';
import { type Case, copyOfBackup, initialise } from './case.ts';
import { canCopy } from './further-backup.ts';

/** Work whose memory must not grow with its size. */
export const largeBackups: readonly Case[] = [
  {
    id: 'P8-first',
    title: 'first backup of 1,000,000 small files',
    target: 0.6,
    isLong: true,
    prepare: initialise,
    run: async ({ contender, repository, data }) =>
      measure(contender.backup(repository, await data.manyFiles())),
  },
  {
    id: 'P8-again',
    title: 'the 1,000,000 files again, unchanged',
    target: 0.4,
    isLong: true,
    isFor: canCopy,
    prepare: async (turn) => copyOfBackup(turn, turn.reference, await turn.data.manyFiles()),
    run: async ({ contender, repository, data }) =>
      measure(contender.backup(repository, await data.manyFiles())),
  },
  {
    id: 'M10',
    title: '10 GiB that do not compress, for the memory',
    target: 0.55,
    isLong: true,
    prepare: initialise,
    run: async ({ contender, repository, data }) =>
      measure(contender.backup(repository, await data.largeRandom())),
  },
];
