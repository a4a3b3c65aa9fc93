import { Failure } from '../../contracts/failures.ts';
import { type Change, type DiffStatistics, TreeDiff } from '../../repository/diff.ts';
import type { Repository } from '../../repository/repository.ts';
import { findNode } from '../../repository/tree/walk.ts';
import { snapshotPath } from '../archive-path.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { formatBytes, shortId } from '../output/format.ts';
import type { ListItem } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly metadata?: boolean;
}

export function defineDiff({ parent, run }: Definition): void {
  const command = parent
    .command('diff')
    .description('show what has changed between two snapshots')
    .argument('<before>', 'first digits of its id, or "latest"')
    .argument('<after>', 'first digits of its id, or "latest"')
    .argument('[path]', 'only this folder, as an absolute path')
    .option('--metadata', 'show files of which times, owner or mode alone have changed, too');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(diff));
  withExamples(command, [
    ['resguardo diff 1a2b3c4d latest --source etc', '+ added, - removed, M changed, T another type'],
    ['resguardo diff 1a2b3c4d 5e6f7a8b /etc/ssh --metadata', 'one folder, U for metadata'],
  ]);
}

async function diff(
  context: CommandContext,
  before: string,
  after: string,
  path: string | undefined,
  options: Options,
): Promise<number> {
  const { output } = context;
  const folder = path === undefined ? '/' : snapshotPath(path);
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    await repository.loadIndex(signal);
    const found = [];
    for (const id of [before, after]) {
      const snapshot = await repository.findSnapshot(id, snapshotFilter(options));
      found.push({ id: snapshot.id, tree: await treeAt(repository, snapshot, folder) });
    }
    const [left, right] = found;
    if (!left || !right) return;
    const metadata = options.metadata === true;
    const trees = { before: left.tree, after: right.tree };
    const comparison = new TreeDiff({ reader: repository, ...trees, metadata, signal });
    await output.list(items(comparison, { before: left.id, after: right.id, folder }));
  });
  return 0;
}

/** @throws {Failure} InvalidInput when there is no such folder */
async function treeAt(
  repository: Repository,
  { id, tree }: { readonly id: string; readonly tree: string },
  folder: string,
): Promise<string> {
  if (folder.replaceAll('/', '') === '') return tree;
  const node = await findNode(repository, tree, folder);
  if (node?.subtree !== undefined) return node.subtree;
  throw new Failure('InvalidInput', `The snapshot ${shortId(id)} has no folder ${folder}`, {
    advice: `Look with \`resguardo ls ${shortId(id)}\`.`,
  });
}

interface Compared {
  readonly before: string;
  readonly after: string;
  readonly folder: string;
}

/** The changes, and the numbers as the last item. */
async function* items(comparison: TreeDiff, { before, after, folder }: Compared): AsyncGenerator<ListItem> {
  const prefix = Buffer.from(folder.replace(/\/+$/, ''));
  for await (const { path, mark } of comparison.changes()) {
    yield changeItem({ path: Buffer.concat([prefix, path]), mark });
  }
  const { statistics } = comparison;
  const document = { message_type: 'statistics', source_snapshot: before, target_snapshot: after };
  yield { document: { ...document, ...statisticsDocument(statistics) }, text: renderStatistics(statistics) };
}

function changeItem({ path, mark }: Change): ListItem {
  const text = path.toString('utf8');
  const document = {
    message_type: 'change',
    path: text,
    ...(Buffer.from(text).equals(path) ? {} : { path_base64: path.toString('base64') }),
    modifier: mark,
  };
  return { document, text: `${mark.padEnd(5)}${printable(text)}` };
}

/** restic's names of fields. */
function statisticsDocument({ changedFiles, added, removed }: DiffStatistics): object {
  const side = ({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffStatistics['added']) => ({
    files,
    dirs,
    others,
    data_blobs: dataBlobs,
    tree_blobs: treeBlobs,
    bytes,
  });
  return { changed_files: changedFiles, added: side(added), removed: side(removed) };
}

function renderStatistics({ changedFiles, added, removed }: DiffStatistics): string {
  return [
    '',
    `Files    ${added.files} new, ${removed.files} removed, ${changedFiles} changed`,
    `Folders  ${added.dirs} new, ${removed.dirs} removed`,
    `Others   ${added.others} new, ${removed.others} removed`,
    `Blobs    ${added.dataBlobs + added.treeBlobs} new, ${removed.dataBlobs + removed.treeBlobs} removed`,
    `Added    ${formatBytes(added.bytes)}`,
    `Removed  ${formatBytes(removed.bytes)}`,
  ].join('\n');
}
