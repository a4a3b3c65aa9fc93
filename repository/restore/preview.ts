import { readdirSync } from 'node:fs';
import { loadTree } from '../tree/load-tree.ts';
import type { TreeNode } from '../tree/node.ts';
import { RepeatLimit } from '../tree/repeat-limit.ts';
import { printablePath, subtreeOf } from '../tree/walk.ts';
import { existingItem, stays } from './existing-file.ts';
import { IncludedPaths } from './include.ts';
import type { RestoreRequest } from './request.ts';

/** What a restore would do with an item. Content is not compared: size and times alone. */
export type RestoreAction = 'create' | 'update' | 'unchanged' | 'skip' | 'delete';

export interface RestorePreview {
  /** Files and other items by what would become of them; folders that are there do not count. */
  readonly counts: Readonly<Record<RestoreAction, number>>;
  /** Bytes of the files that would be created or updated. */
  readonly bytes: number;
}

type Request = Pick<
  RestoreRequest,
  'reader' | 'tree' | 'target' | 'include' | 'exclude' | 'overwrite' | 'deleteExtra' | 'signal'
>;

/**
 * Tells what a restore would do, and changes nothing.
 * @param onItem told of each item, with its path in the snapshot
 * @throws {Failure} RepositoryDamaged, PathEscape
 */
export async function previewRestore(
  request: Request,
  onItem: (action: RestoreAction, path: string) => void = () => {},
): Promise<RestorePreview> {
  const counts = { create: 0, update: 0, unchanged: 0, skip: 0, delete: 0 };
  let bytes = 0;
  const tell = (action: RestoreAction, path: string): void => {
    counts[action] += 1;
    onItem(action, path);
  };
  const repeats = new RepeatLimit();
  const visit = async (tree: string, folder: Folder): Promise<void> => {
    const nodes = await loadTree(request.reader, tree, request.signal);
    repeats.enter(tree, nodes);
    for (const name of request.deleteExtra ? extraIn(folder, nodes) : []) {
      const path = `${folder.path}/${printablePath(name)}`;
      if (folder.included.below(name)?.inclusion === 'wanted' && !request.exclude?.(path))
        tell('delete', path);
    }
    for (const node of nodes) {
      const path = `${folder.path}/${printablePath(node.name)}`;
      const included = folder.included.below(node.name);
      if (!included || node.type === 'socket' || request.exclude?.(path)) continue;
      const inTarget = Buffer.concat([folder.target, Buffer.from('/'), node.name]);
      if (node.type === 'dir') {
        const below = { path, target: inTarget, included };
        if (existingItem(inTarget) === undefined) tell('create', `${path}/`);
        await visit(subtreeOf(node, Buffer.from(path)), below);
      } else if (included.inclusion === 'wanted') {
        const action = actionFor(request, inTarget, node);
        tell(action, path);
        if (action === 'create' || action === 'update') bytes += Number(node.size ?? 0n);
      }
    }
  };
  const included = IncludedPaths.of(request.include ?? []);
  await visit(request.tree, { path: '', target: Buffer.from(request.target), included });
  return { counts, bytes };
}

interface Folder {
  /** In the snapshot. */
  readonly path: string;
  readonly target: Buffer;
  readonly included: IncludedPaths;
}

function actionFor({ overwrite }: Request, path: Buffer, node: TreeNode): RestoreAction {
  const existing = existingItem(path);
  if (!existing) return 'create';
  if (overwrite && stays(overwrite, existing, node)) return 'skip';
  const isSame = existing.size === (node.size ?? 0n) && existing.mtimeNs === node.mtimeNs;
  return isSame && existing.isFile() === (node.type === 'file') ? 'unchanged' : 'update';
}

function extraIn({ target }: Folder, nodes: readonly TreeNode[]): readonly Buffer[] {
  if (!existingItem(target)?.isDirectory()) return [];
  const wanted = new Set(nodes.map(({ name }) => name.toString('latin1')));
  return readdirSync(target, { encoding: 'latin1' })
    .filter((name) => !wanted.has(name))
    .map((name) => Buffer.from(name, 'latin1'));
}
