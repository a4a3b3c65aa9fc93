import { existsSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DataSets } from './data.ts';
import { type Measurement, measure } from './measure.ts';
import type { Contender } from './tools.ts';

/** One contender's turn at a case, in a folder of the whole benchmark. */
export interface Turn {
  readonly contender: Contender;
  /** Makes the repositories that both contenders open by one key file. */
  readonly reference: Contender;
  readonly data: DataSets;
  readonly folder: string;
  /** The repository of this turn; not there at first. */
  readonly repository: string;
}

/** A piece of work of the performance targets; `prepare` is not measured, `run` is. */
export interface Case {
  readonly id: string;
  readonly title: string;
  /** Wall time of ours over restic's that we aim at. */
  readonly target: number;
  prepare(turn: Turn): Promise<void>;
  run(turn: Turn): Promise<Measurement>;
}

export const cases: readonly Case[] = [
  {
    id: 'P1',
    title: 'first backup of a tree of up to 36,700 files, 1.4 GB',
    target: 0.5,
    prepare: initialise,
    run: ({ contender, repository, data }) => measure(contender.backup(repository, data.tree)),
  },
  {
    id: 'P2',
    title: 'the same again, unchanged, by one key file',
    target: 0.35,
    prepare: (turn) => copyOfBackup(turn, turn.reference, turn.data.tree),
    run: ({ contender, repository, data }) => measure(contender.backup(repository, data.tree)),
  },
  {
    id: 'P3-stream',
    title: '1 GiB of SQL text as a stream',
    target: 0.6,
    prepare: initialise,
    run: ({ contender, repository, data }) => measure(contender.backupStream(repository, data.sql)),
  },
  {
    id: 'P3-file',
    title: '1 GiB of SQL text as a file',
    target: 0.6,
    prepare: initialise,
    run: ({ contender, repository, data }) => measure(contender.backup(repository, data.sql)),
  },
  {
    id: 'P4',
    title: '1 GiB that does not compress',
    target: 0.55,
    prepare: initialise,
    run: ({ contender, repository, data }) => measure(contender.backup(repository, data.random)),
  },
  {
    id: 'P5-tree',
    title: 'restore of the tree',
    target: 0.9,
    prepare: (turn) => copyOfBackup(turn, turn.contender, turn.data.tree),
    run: restore,
  },
  {
    id: 'P5-sql',
    title: 'restore of the SQL text',
    target: 0.6,
    prepare: (turn) => copyOfBackup(turn, turn.contender, turn.data.sql),
    run: restore,
  },
  {
    id: 'P6-tree',
    title: 'check --read-data of the tree',
    target: 0.7,
    prepare: (turn) => copyOfBackup(turn, turn.contender, turn.data.tree),
    run: ({ contender, repository }) => measure(contender.check(repository)),
  },
  {
    id: 'P6-sql',
    title: 'check --read-data of the SQL text',
    target: 0.7,
    prepare: (turn) => copyOfBackup(turn, turn.contender, turn.data.sql),
    run: ({ contender, repository }) => measure(contender.check(repository)),
  },
];

async function initialise({ contender, repository }: Turn): Promise<void> {
  await measure(contender.init(repository));
}

/** Puts a copy of a repository that holds one backup in place, and makes the original at the first need. */
async function copyOfBackup(turn: Turn, maker: Contender, source: string): Promise<void> {
  const original = path.join(turn.folder, `${maker.name}-${path.basename(source)}`);
  if (!existsSync(original)) {
    await measure(maker.init(original));
    await measure(maker.backup(original, source));
  }
  await cp(original, turn.repository, { recursive: true });
}

async function restore({ contender, repository }: Turn): Promise<Measurement> {
  const target = `${repository}-restored`;
  try {
    return await measure(contender.restore(repository, target));
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}
