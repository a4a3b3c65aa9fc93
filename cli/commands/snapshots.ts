import type { Snapshot } from '../../repository/snapshot.ts';
import { matchesFilter } from '../../repository/snapshot-filter.ts';
import { withRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { formatQuantity } from '../output/format.ts';
import { byTime, renderSnapshots, snapshotDocument } from '../output/snapshot.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';

type Options = RepositorySelection & SnapshotOptions;

export function defineSnapshots({ parent, run }: Definition): void {
  const command = parent.command('snapshots').description('list the snapshots of a repository');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(listSnapshots));
  withExamples(command, [
    ['resguardo snapshots --source shop', 'snapshots of one source'],
    ['resguardo repo snapshots --repo /srv/backup --json', 'for programs, in the fields of restic'],
  ]);
}

async function listSnapshots(context: CommandContext, options: Options): Promise<number> {
  const filter = snapshotFilter(options);
  const snapshots = await withRepository(context, options, async (repository) => {
    const found: Snapshot[] = [];
    for await (const snapshot of repository.snapshots(context.signal)) {
      if (matchesFilter(snapshot, filter)) found.push(snapshot);
    }
    return found.sort(byTime);
  });
  const count = formatQuantity(snapshots.length, 'snapshot');
  const text = snapshots.length === 0 ? 'No snapshots' : `${renderSnapshots(snapshots)}\n${count}`;
  await context.output.result(snapshots.map(snapshotDocument), text);
  return 0;
}
