import type { Command } from '../measure.ts';

/** A program under measurement: how it does each piece of work on a repository folder. */
export interface Contender {
  readonly name: string;
  /** Whether it can open the repositories that restic makes. */
  readonly opensRestic: boolean;
  init(repository: string): Command;
  backup(repository: string, folder: string): Command;
  backupStream(repository: string, file: string): Command;
  /** Left out where the command needs to know more than the repository. */
  restore?(repository: string, target: string): Command;
  check(repository: string): Command;
  /** Removes what is not needed at once. */
  prune?(repository: string): Command;
}

/** Of all repositories. */
export const password = 'bench';
