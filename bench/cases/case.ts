import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import type { Contender } from '../contenders/contender.ts';
import type { DataSets } from '../data.ts';
import { type Measurement, measure } from '../measure.ts';

/** One contender's turn at a case, in a folder of the whole benchmark. */
export interface Turn {
  readonly contender: Contender;
  /** restic: makes the repositories that all who know its format open by one key file. */
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
  /** Ours over restic's that we aim at. */
  readonly target: number;
  /** What the target is about: wall time when left out, or the bytes that the run adds to the repository. */
  readonly figure?: 'wall' | 'added bytes';
  /** Runs only when it is named: it takes many minutes. */
  readonly isLong?: boolean;
  /** Whether the contender can do it; all can when left out. */
  isFor?(contender: Contender): boolean;
  prepare(turn: Turn): Promise<void>;
  run(turn: Turn): Promise<Measurement>;
}

export async function initialise({ contender, repository }: Turn): Promise<void> {
  await measure(contender.init(repository));
}

/** Puts a copy of a repository that holds one backup in place, and makes the original at the first need. */
export async function copyOfBackup(turn: Turn, maker: Contender, source: string): Promise<void> {
  const original = path.join(turn.folder, `${maker.name}-${path.basename(source)}`);
  if (!existsSync(original)) {
    await copyOfEmpty(turn, maker, original);
    await measure(maker.backup(original, source));
  }
  await cp(original, turn.repository, { recursive: true });
}

/** restic measures at each `init` how dear a key may be, so all who can use one that was made once. */
async function copyOfEmpty(turn: Turn, maker: Contender, target: string): Promise<void> {
  const owner = maker.opensRestic ? turn.reference : maker;
  const empty = path.join(turn.folder, `${owner.name}-empty`);
  if (!existsSync(empty)) await measure(owner.init(empty));
  await cp(empty, target, { recursive: true });
}
