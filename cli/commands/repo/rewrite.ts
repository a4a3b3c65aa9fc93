import { Failure } from '../../../contracts/failures.ts';
import type { TreeChange } from '../../../repository/rewrite/rewrite-tree.ts';
import { auditedRepository } from '../../audit.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addExcludeOptions, type ExcludeOptions, excludePatterns } from '../../exclude-options.ts';
import { addIncludeOptions, type IncludeOptions, includePatterns } from '../../include-options.ts';
import { pointInTime } from '../../option-values.ts';
import { type ReplaceOptions, renderReplaced, replaceAll } from '../../replace-snapshots.ts';
import { addRepositoryOptions } from '../../repository-access.ts';
import { addSnapshotOptions } from '../../snapshot-options.ts';
import { pathMatcher } from '../../sources.ts';

interface Options extends ReplaceOptions, ExcludeOptions, IncludeOptions {
  readonly newHost?: string;
  readonly newTime?: Date;
  readonly snapshotSummary?: boolean;
}

export function defineRepoRewrite({ parent, run }: Definition): void {
  const command = parent
    .command('rewrite')
    .description('take files out of snapshots that exist, or change their host or time')
    .argument('[snapshot...]', 'first digits of ids, or "latest"; all that the filters leave when left out')
    .option('-n, --dry-run', 'tell which snapshots would change, and change nothing')
    .option('--forget', 'remove the old snapshots once the new ones are stored')
    .option('--new-host <name>', 'give them this host')
    .option('--new-time <time>', 'give them this time, such as "2026-11-21 07:23:11"', pointInTime)
    .option('-s, --snapshot-summary', 'write the number of files and bytes where a snapshot has none');
  addIncludeOptions(addExcludeOptions(command));
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(rewrite, {
      action: 'repo.rewrite',
      subjects: (_ids, options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
      detail: (ids, { forget }) => ({ snapshots: ids.join(' '), forget: forget === true }),
    }),
  );
  withExamples(command, [
    [
      'resguardo repo rewrite --exclude "*.key" --forget --repo /srv/backup',
      'take a secret out of all snapshots; `repo prune` then removes its data',
    ],
    ['resguardo repo rewrite latest --new-host web2 --repo /srv/backup', 'a changed copy of one snapshot'],
  ]);
}

async function rewrite(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  const { newHost, newTime, snapshotSummary } = options;
  const change = treeChange(context, options);
  if (!change && newHost === undefined && newTime === undefined && snapshotSummary !== true) {
    throw new Failure('InvalidInput', 'What is to be changed?', {
      advice: 'Give --exclude, --include, --new-host, --new-time or --snapshot-summary.',
    });
  }
  const results = await replaceAll(context, { ids, options }, () => ({
    change: change ?? keepAll,
    describe: (_snapshot, tree) => ({
      tree,
      hostname: newHost,
      time: newTime?.toISOString(),
      tag: 'rewrite',
      addSummary: snapshotSummary === true,
    }),
  }));
  await context.output.summary({ snapshots: results }, renderReplaced(results, options));
  return 0;
}

const keepAll: TreeChange = {
  node: (node) => node,
  keepsFolder: () => true,
  unreadable: (error) => {
    throw error;
  },
};

/** Undefined when no files are to go. */
function treeChange(context: CommandContext, options: Options): TreeChange | undefined {
  const excluded = excludePatterns(context, options);
  const included = includePatterns(context, options);
  const isExcluding = excluded.exclude.length + excluded.iexclude.length > 0;
  const isIncluding = included.include.length + included.iinclude.length > 0;
  if (isExcluding && isIncluding) {
    throw new Failure('InvalidInput', '--exclude and --include exclude each other', {
      advice: 'Rewrite twice: first what stays, then what goes.',
    });
  }
  if (isExcluding) {
    const matchers = [pathMatcher(excluded.exclude), pathMatcher(excluded.iexclude, true)];
    const isExcluded = (path: string): boolean => matchers.some((matches) => matches(path));
    return { ...keepAll, node: (node, path) => (isExcluded(path) ? undefined : node) };
  }
  if (!isIncluding) return undefined;
  const matchers = [pathMatcher(included.include), pathMatcher(included.iinclude, true)];
  const isIncluded = (path: string): boolean => matchers.some((matches) => matches(path));
  return {
    ...keepAll,
    node: (node, path) => (node.type === 'dir' || isIncluded(path) ? node : undefined),
    keepsFolder: isIncluded,
  };
}
