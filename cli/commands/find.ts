import { findObjects, objectsOfPacks } from '../../repository/find-objects.ts';
import type { Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { matchesFilter } from '../../repository/snapshot-filter.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { type WalkedNode, walkTree } from '../../repository/tree/walk.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { pointInTime, repeatable } from '../option-values.ts';
import { formatTime, shortId } from '../output/format.ts';
import { longLine, nodeDocument } from '../output/node.ts';
import type { ListItem } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { byTime } from '../output/snapshot.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';
import { pathMatcher } from '../sources.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly ignoreCase?: boolean;
  readonly long?: boolean;
  readonly snapshot?: readonly string[];
  readonly blob?: boolean;
  readonly tree?: boolean;
  readonly pack?: boolean;
  readonly showPackId?: boolean;
  readonly oldest?: Date;
  readonly newest?: Date;
  readonly reverse?: boolean;
}

export function defineFind({ parent, run }: Definition): void {
  const command = parent
    .command('find')
    .description('search for files in all snapshots, the newest first')
    .argument('<pattern...>', 'name or path with * ? [a-z] and **; from the root when it begins with /')
    .option('-i, --ignore-case', 'take capital and small letters for the same')
    .option('-l, --long', 'show mode, owner, size and time')
    .option('-s, --snapshot <id>', 'only in this snapshot; repeatable', repeatable)
    .option('-O, --oldest <time>', 'only what was modified at this time or later', pointInTime)
    .option('-N, --newest <time>', 'only what was modified at this time or earlier', pointInTime)
    .option('-R, --reverse', 'the oldest snapshot first')
    .option('--blob', 'patterns are first digits of data blobs: which files are made of them')
    .option('--tree', 'patterns are first digits of tree blobs: which folders they are')
    .option('--pack', 'patterns are first digits of packs: what lies in them')
    .option('--show-pack-id', 'with --blob or --tree: the packs that hold them');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(find));
  withExamples(command, [
    ['resguardo find "*.conf" --source etc', 'by name'],
    ['resguardo find -i /srv/**/invoice* --long', 'by path, in capital or small letters'],
    ['resguardo repo find --pack 1a2b3c4d --repo /srv/backup', 'which files a damaged pack concerns'],
  ]);
}

interface Search {
  readonly matches: (path: string) => boolean;
  readonly options: Options;
  readonly long: boolean;
  readonly signal: AbortSignal;
}

/** Whether the time of a node's modification is within what is asked for. */
function isInTime({ mtimeNs }: TreeNode, { oldest, newest }: Options): boolean {
  const timeMs = Number(mtimeNs / 1_000_000n);
  return (
    timeMs >= (oldest?.getTime() ?? Number.NEGATIVE_INFINITY) &&
    timeMs <= (newest?.getTime() ?? Number.POSITIVE_INFINITY)
  );
}

async function find(context: CommandContext, patterns: readonly string[], options: Options): Promise<number> {
  const { output } = context;
  const isById = options.blob === true || options.tree === true || options.pack === true;
  const matches = isById ? () => false : pathMatcher(patterns, options.ignoreCase === true);
  const long = options.long === true;
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    await repository.loadIndex(signal);
    const snapshots = await chosen(repository, options);
    if (isById) await output.list(objects(repository, snapshots, { patterns, options, signal }));
    else await output.list(items(repository, snapshots, { matches, options, long, signal }));
  });
  return 0;
}

interface ObjectSearch {
  readonly patterns: readonly string[];
  readonly options: Options;
  readonly signal: AbortSignal;
}

/** One item for each use of a blob, with restic's names of fields. */
async function* objects(
  repository: Repository,
  snapshots: readonly Snapshot[],
  { patterns, options, signal }: ObjectSearch,
): AsyncGenerator<ListItem> {
  const wanted = options.pack
    ? objectsOfPacks(repository, patterns)
    : { blobs: options.blob ? patterns : [], trees: options.tree ? patterns : [] };
  for (const snapshot of snapshots) {
    for await (const { type, id, path, packs } of findObjects(repository, snapshot, wanted, signal)) {
      const text = path.toString('utf8');
      const where = options.showPackId ? `, in pack ${packs.map(shortId).join(', ')}` : '';
      yield {
        document: {
          object_type: type === 'data' ? 'blob' : 'tree',
          id,
          path: text,
          snapshot: snapshot.id,
          time: snapshot.time,
          ...(options.showPackId ? { packs } : {}),
        },
        text: `${shortId(snapshot.id)}: ${type} blob ${shortId(id)} is of ${printable(text)}${where}`,
      };
    }
  }
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
  found.sort(byTime);
  return options.reverse === true ? found : found.toReversed();
}

/** One item for each snapshot with matches, as restic's JSON has it. */
async function* items(
  repository: Repository,
  snapshots: readonly Snapshot[],
  { matches, options, long, signal }: Search,
): AsyncGenerator<ListItem> {
  for (const snapshot of snapshots) {
    const found: WalkedNode[] = [];
    for await (const walked of walkTree(repository, snapshot.tree, signal)) {
      if (matches(walked.path.toString('utf8')) && isInTime(walked.node, options)) found.push(walked);
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
