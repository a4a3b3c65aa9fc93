import { extname } from 'node:path';
import { Option } from 'commander';
import { Failure } from '../../contracts/failures.ts';
import type { Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { findNode, type WalkedNode, walkTree } from '../../repository/tree/walk.ts';
import { snapshotPath } from '../archive-path.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { shortId } from '../output/format.ts';
import { ncduExport } from '../output/ncdu.ts';
import { longLine, nodeDocument } from '../output/node.ts';
import type { ListItem } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { findSnapshotFolder } from '../snapshot-folder.ts';
import { addSnapshotOptions, type SnapshotOptions } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly sort?: SortField;
  readonly reverse?: boolean;
  readonly ncdu?: boolean;
}

export function defineLs({ parent, run }: Definition): void {
  const command = parent
    .command('ls')
    .description('list the files of a snapshot: all, or those in a folder')
    .argument('<snapshot>', 'first digits of its id, or "latest"; SNAPSHOT:/FOLDER for a folder of it')
    .argument('[path...]', 'files or folders, as absolute paths')
    .option('-l, --long', 'show mode, owner, size and time')
    .option('-R, --recursive', 'with a path: show what is in the folders below, too')
    .addOption(
      new Option('-s, --sort <field>', 'in this order, rather than as it lies in the folders').choices(
        sortFields,
      ),
    )
    .option('--reverse', 'the other way round')
    .option('--ncdu', 'for `ncdu -f -`: the sizes of all folders, to walk around in');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(list));
  withExamples(command, [
    ['resguardo ls latest --source etc', 'all files of the newest snapshot of "etc"'],
    ['resguardo ls 1a2b3c4d /etc/ssh --long', 'one folder, with details'],
  ]);
}

async function list(
  context: CommandContext,
  id: string,
  paths: readonly string[],
  options: Options,
): Promise<number> {
  const folders = paths.map(snapshotPath);
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    await repository.loadIndex(signal);
    const { snapshot, tree } = await findSnapshotFolder(repository, id, options, signal);
    if (options.ncdu === true) {
      for await (const text of ncduExport(repository, { ...snapshot, tree }, signal)) {
        await context.output.bytes(Buffer.from(text));
      }
      return;
    }
    const place = { repository, snapshot, tree };
    const nodes =
      folders.length === 0
        ? walkTree(repository, tree, signal)
        : belowAll(place, { folders, recursive: options.recursive === true, signal });
    const isSorted = options.sort !== undefined || options.reverse === true;
    const ordered = isSorted ? sorted(await Array.fromAsync(nodes), options) : nodes;
    await context.output.list(toItems(ordered, options.long === true));
  });
  return 0;
}

interface Listing {
  readonly folders: readonly string[];
  readonly recursive: boolean;
  readonly signal: AbortSignal;
}

async function* belowAll(
  place: Omit<Place, 'path'>,
  { folders, recursive, signal }: Listing,
): AsyncGenerator<WalkedNode> {
  for (const path of folders) yield* below({ ...place, path }, recursive, signal);
}

const sortFields = ['name', 'size', 'time', 'mtime', 'atime', 'ctime', 'extension'] as const;
type SortField = (typeof sortFields)[number];

/** restic's orders: the smallest and the oldest first. */
function sorted(nodes: WalkedNode[], { sort = 'name', reverse = false }: Options): readonly WalkedNode[] {
  const byName = (a: WalkedNode, b: WalkedNode): number => Buffer.compare(a.path, b.path);
  const byNumber = (of: (node: TreeNode) => bigint) => (a: WalkedNode, b: WalkedNode) =>
    Number(of(a.node) - of(b.node)) || byName(a, b);
  const orders: Record<SortField, (a: WalkedNode, b: WalkedNode) => number> = {
    name: byName,
    size: byNumber((node) => node.size ?? 0n),
    time: byNumber((node) => node.mtimeNs),
    mtime: byNumber((node) => node.mtimeNs),
    atime: byNumber((node) => node.atimeNs),
    ctime: byNumber((node) => node.ctimeNs),
    extension: (a, b) => extensionOf(a).localeCompare(extensionOf(b)) || byName(a, b),
  };
  nodes.sort(orders[sort]);
  return reverse ? nodes.toReversed() : nodes;
}

function extensionOf({ path }: WalkedNode): string {
  return extname(path.toString('utf8'));
}

interface Place {
  readonly repository: Repository;
  readonly snapshot: Snapshot;
  readonly tree: string;
  readonly path: string;
}

/** A file itself; what is in a folder. */
async function* below(
  { repository, snapshot, tree: root, path }: Place,
  recursive: boolean,
  signal: AbortSignal,
): AsyncGenerator<WalkedNode> {
  const bytes = Buffer.from(path.replace(/\/+$/, ''));
  const node = bytes.length === 0 ? undefined : await findNode(repository, root, bytes, signal);
  if (!node && bytes.length > 0) {
    throw new Failure('InvalidInput', `The snapshot ${shortId(snapshot.id)} has no ${path}`, {
      advice: `Look with \`resguardo ls ${shortId(snapshot.id)}\`.`,
    });
  }
  if (node && node.subtree === undefined) {
    yield { path: bytes, node };
    return;
  }
  const tree = node?.subtree ?? root;
  const nodes = recursive
    ? walkTree(repository, tree, signal)
    : children(await loadTree(repository, tree, signal));
  for await (const child of nodes) yield { path: Buffer.concat([bytes, child.path]), node: child.node };
}

function children(nodes: readonly TreeNode[]): WalkedNode[] {
  return nodes.map((node) => ({ path: Buffer.concat([Buffer.from('/'), node.name]), node }));
}

async function* toItems(
  nodes: AsyncIterable<WalkedNode> | Iterable<WalkedNode>,
  long: boolean,
): AsyncGenerator<ListItem> {
  for await (const { path, node } of nodes) {
    const text = long ? longLine(path, node) : printable(path.toString('utf8'));
    yield { document: nodeDocument(path, node), text };
  }
}
