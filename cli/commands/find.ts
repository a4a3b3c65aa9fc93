import type { Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { matchesFilter } from '../../repository/snapshot-filter.ts';
import { type WalkedNode, walkTree } from '../../repository/tree/walk.ts';
import { pathMatcher, withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { repeatable } from '../option-values.ts';
import { formatTime, shortId } from '../output/format.ts';
import { longLine, nodeDocument } from '../output/node.ts';
import type { ListItem } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { byTime } from '../output/snapshot.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly ignoreCase?: boolean;
  readonly long?: boolean;
  readonly snapshot?: readonly string[];
}

export function defineFind({ parent, run }: Definition): void {
  const command = parent
    .command('find')
    .description('search for files in all snapshots, the newest first')
    .argument('<pattern...>', 'name or path with * ? [a-z] and **; from the root when it begins with /')
    .option('-i, --ignore-case', 'take capital and small letters for the same')
    .option('-l, --long', 'show mode, owner, size and time')
    .option('-s, --snapshot <id>', 'only in this snapshot; repeatable', repeatable);
  addSnapshotOptions(addRepositoryOptions(command)).action(run(find));
  withExamples(command, [
    ['resguardo find "*.conf" --source etc', 'by name'],
    ['resguardo find -i /srv/**/invoice* --long', 'by path, in capital or small letters'],
  ]);
}

interface Search {
  readonly matches: (path: string) => boolean;
  readonly long: boolean;
  readonly signal: AbortSignal;
}

async function find(context: CommandContext, patterns: readonly string[], options: Options): Promise<number> {
  const { output } = context;
  const fold = (text: string): string => (options.ignoreCase === true ? text.toLowerCase() : text);
  const matcher = pathMatcher(patterns.map(fold));
  const long = options.long === true;
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    await repository.loadIndex(signal);
    const snapshots = await chosen(repository, options);
    const search = { matches: (path: string) => matcher(fold(path)), long, signal };
    await output.list(items(repository, snapshots, search));
  });
  return 0;
}

async function chosen(repository: Repository, options: Options): Promise<readonly Snapshot[]> {
  const filter = snapshotFilter(options);
  const ids = options.snapshot ?? [];
  const found: Snapshot[] = [];
  for (const id of ids) found.push(await repository.findSnapshot(id, filter));
  if (ids.length === 0) {
    for await (const snapshot of repository.snapshots()) {
      if (matchesFilter(snapshot, filter)) found.push(snapshot);
    }
  }
  return found.sort(byTime).toReversed();
}

/** One item for each snapshot with matches, as restic's JSON has it. */
async function* items(
  repository: Repository,
  snapshots: readonly Snapshot[],
  { matches, long, signal }: Search,
): AsyncGenerator<ListItem> {
  for (const snapshot of snapshots) {
    const found: WalkedNode[] = [];
    for await (const walked of walkTree(repository, snapshot.tree, signal)) {
      if (matches(walked.path.toString('utf8'))) found.push(walked);
    }
    if (found.length === 0) continue;
    const lines = found.map(({ path, node }) =>
      long ? longLine(path, node) : printable(path.toString('utf8')),
    );
    const title = `Snapshot ${shortId(snapshot.id)} of ${formatTime(new Date(snapshot.time))}`;
    yield {
      document: {
        matches: found.map(({ path, node }) => nodeDocument(path, node)),
        hits: found.length,
        snapshot: snapshot.id,
      },
      text: [title, ...lines].join('\n'),
    };
  }
}
