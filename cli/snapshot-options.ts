import type { Command } from 'commander';
import type { SnapshotFilter } from '../repository/snapshot-filter.ts';
import { repeatable } from './option-values.ts';

/** Options by which a command chooses among snapshots. */
export interface SnapshotOptions {
  readonly source?: string;
  readonly host?: string;
  readonly tag?: readonly string[];
  readonly path?: readonly string[];
}

export function addSnapshotOptions(command: Command): Command {
  return command
    .option('--source <name>', 'only snapshots of this source')
    .option('--host <name>', 'only snapshots of this host')
    .option('--tag <tag>', 'only snapshots with this tag; repeatable', repeatable)
    .option('--path <path>', 'only snapshots with this path; repeatable', repeatable);
}

export function snapshotFilter({ source, host, tag, path }: SnapshotOptions): SnapshotFilter {
  return {
    ...(source === undefined ? {} : { source }),
    ...(host === undefined ? {} : { host }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(path === undefined ? {} : { paths: path }),
  };
}
