import type { Configuration } from '../configuration/load.ts';
import { Failure } from '../contracts/failures.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { matchesFilter } from '../repository/snapshot-filter.ts';
import { withRepository } from './composition.ts';
import { sourceRepository } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { shortId } from './output/format.ts';
import { byTime, renderSnapshots } from './output/snapshot.ts';
import { promptLine } from './prompt.ts';

/** More than these push the question off the screen; older ones can still be named. */
const shownSnapshots = 20;

/**
 * Lists the snapshots of a source on the terminal, and asks for one.
 * @throws {Failure} InvalidInput where nobody can be asked, SnapshotNotFound, Cancelled
 */
export async function chooseSnapshotByHand(
  context: CommandContext,
  configuration: Configuration,
  source: string,
): Promise<string> {
  const { stdin, signal, output } = context;
  if (!stdin.isTTY || output.json) {
    throw new Failure('InvalidInput', 'Which snapshot is meant?', { advice: 'Give its id, or "latest".' });
  }
  const selection = { repository: sourceRepository(configuration, source) };
  const snapshots = await withRepository(context, selection, async (repository) => {
    const found: Snapshot[] = [];
    for await (const snapshot of repository.snapshots(signal)) {
      if (matchesFilter(snapshot, { source })) found.push(snapshot);
    }
    return found.sort(byTime);
  });
  const newest = snapshots.at(-1);
  if (!newest) throw new Failure('SnapshotNotFound', `There is no snapshot of source ${source}`);
  output.warn(renderSnapshots(snapshots.slice(-shownSnapshots)));
  const answer = await promptLine(`Snapshot [${shortId(newest.id)}]`, {
    stdin,
    signal,
    stderr: output.stderr,
  });
  return answer === '' ? newest.id : answer;
}
