import { type Command, Option } from 'commander';
import type { SnapshotFilter } from '../repository/snapshot-filter.ts';
import { repeatable } from './option-values.ts';

/** Options by which a command chooses among snapshots. */
export interface SnapshotOptions {
  readonly source?: string;
  readonly host?: readonly string[];
  readonly tag?: readonly string[];
  readonly path?: readonly string[];
}

/** @param hostFlags without the short one where that means something else, as in `forget` */
export function addSnapshotOptions(command: Command, hostFlags = '-H, --host <name>'): Command {
  return command
    .optionsGroup('Which snapshots:')
    .option('--source <name>', 'only snapshots of this source')
    .addOption(
      new Option(hostFlags, 'only snapshots of this host; repeatable: of one of them; an empty name: of any')
        .env('RESTIC_HOST')
        .argParser(repeatable),
    )
    .option(
      '--tag <tags>',
      'only snapshots with all of these tags (a,b); repeatable: with one of the lists',
      repeatable,
    )
    .option('--path <path>', 'only snapshots with this path; repeatable: with all of them', repeatable);
}

export function snapshotFilter({ source, host, tag, path }: SnapshotOptions): SnapshotFilter {
  const hosts = host?.filter((name) => name !== '');
  return {
    ...(source === undefined ? {} : { source }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(tag === undefined ? {} : { tags: tag.map((list) => list.split(',').map((name) => name.trim())) }),
    ...(path === undefined ? {} : { paths: path }),
  };
}
