import { type GroupField, groupSnapshots } from '../../policy/retention/group.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { chosenSnapshots } from '../chosen-snapshots.ts';
import { withRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { groupBy } from '../keep-options.ts';
import { positiveCount } from '../option-values.ts';
import { formatQuantity } from '../output/format.ts';
import { byTime, renderSnapshots, snapshotDocument } from '../output/snapshot.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly latest?: number;
  readonly groupBy?: readonly GroupField[];
}

export function defineSnapshots({ parent, run }: Definition): void {
  const command = parent
    .command('snapshots')
    .description('list the snapshots of a repository: all, or those named')
    .argument('[snapshot...]', 'first digits of ids, or "latest"')
    .option('--latest <n>', 'only the newest n of each group', positiveCount)
    .option(
      '-g, --group-by <fields>',
      'groups of source, host, paths, tags (default: source, else host,paths)',
      groupBy,
    );
  addSnapshotOptions(addRepositoryOptions(command)).action(run(listSnapshots));
  withExamples(command, [
    ['resguardo snapshots --source shop', 'snapshots of one source'],
    ['resguardo repo snapshots --repo /srv/backup --json', 'for programs, in the fields of restic'],
  ]);
}

async function listSnapshots(
  context: CommandContext,
  ids: readonly string[],
  options: Options,
): Promise<number> {
  const snapshots = await withRepository(context, options, async (repository) => {
    const found = await chosenSnapshots(repository, ids, options, context.signal);
    return options.latest === undefined ? found : newestOfGroups(found, options.latest, options.groupBy);
  });
  const count = formatQuantity(snapshots.length, 'snapshot');
  const text = snapshots.length === 0 ? 'No snapshots' : `${renderSnapshots(snapshots)}\n${count}`;
  await context.output.result(snapshots.map(snapshotDocument), text);
  return 0;
}

function newestOfGroups(
  snapshots: readonly Snapshot[],
  count: number,
  fields: readonly GroupField[] = ['source'],
): readonly Snapshot[] {
  return groupSnapshots(snapshots, fields)
    .flatMap((group) => group.snapshots.slice(-count))
    .sort(byTime);
}
