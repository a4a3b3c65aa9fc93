import { measure } from '../measure.ts';
import { type Case, initialise } from './case.ts';

export const firstBackups: readonly Case[] = [
  {
    id: 'P1',
    title: 'first backup of a tree of up to 36,700 files, 1.4 GB',
    target: 0.5,
    prepare: initialise,
    run: async ({ contender, repository, data }) => measure(contender.backup(repository, await data.tree())),
  },
  {
    id: 'P3-stream',
    title: '1 GiB of SQL text as a stream',
    target: 0.6,
    prepare: initialise,
    run: async ({ contender, repository, data }) =>
      measure(contender.backupStream(repository, await data.sql())),
  },
  {
    id: 'P3-file',
    title: '1 GiB of SQL text as a file',
    target: 0.6,
    prepare: initialise,
    run: async ({ contender, repository, data }) => measure(contender.backup(repository, await data.sql())),
  },
  {
    id: 'P4',
    title: '1 GiB that does not compress',
    target: 0.55,
    prepare: initialise,
    run: async ({ contender, repository, data }) =>
      measure(contender.backup(repository, await data.random())),
  },
];
