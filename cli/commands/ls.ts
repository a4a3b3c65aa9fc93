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
import { longLine, nodeDocument } from '../output/node.ts';
import type { ListItem } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly long?: boolean;
  readonly recursive?: boolean;
}

export function defineLs({ parent, run }: Definition): void {
  const command = parent
    .command('ls')
    .description('list the files of a snapshot: all, or those in a folder')
    .argument('<snapshot>', 'first digits of its id, or "latest"')
    .argument('[path]', 'file or folder, as an absolute path')
    .option('-l, --long', 'show mode, owner, size and time')
    .option('-R, --recursive', 'with a path: show what is in the folders below, too');
  addSnapshotOptions(addRepositoryOptions(command)).action(run(list));
  withExamples(command, [
    ['resguardo ls latest --source etc', 'all files of the newest snapshot of "etc"'],
    ['resguardo ls 1a2b3c4d /etc/ssh --long', 'one folder, with details'],
  ]);
}

async function list(
  context: CommandContext,
  id: string,
  path: string | undefined,
  options: Options,
): Promise<number> {
  const folder = path === undefined ? undefined : snapshotPath(path);
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    const snapshot = await repository.findSnapshot(id, snapshotFilter(options));
    await repository.loadIndex(signal);
    const nodes =
      folder === undefined
        ? walkTree(repository, snapshot.tree, signal)
        : below({ repository, snapshot, path: folder }, options.recursive === true, signal);
    await context.output.list(toItems(nodes, options.long === true));
  });
  return 0;
}

interface Place {
  readonly repository: Repository;
  readonly snapshot: Snapshot;
  readonly path: string;
}

/** A file itself; what is in a folder. */
async function* below(
  { repository, snapshot, path }: Place,
  recursive: boolean,
  signal: AbortSignal,
): AsyncGenerator<WalkedNode> {
  const bytes = Buffer.from(path.replace(/\/+$/, ''));
  const node = bytes.length === 0 ? undefined : await findNode(repository, snapshot.tree, bytes, signal);
  if (!node && bytes.length > 0) {
    throw new Failure('InvalidInput', `The snapshot ${shortId(snapshot.id)} has no ${path}`, {
      advice: `Look with \`resguardo ls ${shortId(snapshot.id)}\`.`,
    });
  }
  if (node && node.subtree === undefined) {
    yield { path: bytes, node };
    return;
  }
  const tree = node?.subtree ?? snapshot.tree;
  const nodes = recursive
    ? walkTree(repository, tree, signal)
    : children(await loadTree(repository, tree, signal));
  for await (const child of nodes) yield { path: Buffer.concat([bytes, child.path]), node: child.node };
}

function children(nodes: readonly TreeNode[]): WalkedNode[] {
  return nodes.map((node) => ({ path: Buffer.concat([Buffer.from('/'), node.name]), node }));
}

async function* toItems(nodes: AsyncIterable<WalkedNode>, long: boolean): AsyncGenerator<ListItem> {
  for await (const { path, node } of nodes) {
    const text = long ? longLine(path, node) : printable(path.toString('utf8'));
    yield { document: nodeDocument(path, node), text };
  }
}
