import { readFileSync } from 'node:fs';
import { Failure } from '../contracts/failures.ts';
import type { TreeNode } from '../repository/tree/node.ts';
import { pathMatcher } from './sources.ts';

/** Options that change what is known of an item before it is restored. */
export interface AdaptOptions {
  readonly ownershipByName?: boolean;
  readonly includeXattr?: readonly string[];
  readonly excludeXattr?: readonly string[];
}

/**
 * Makes nodes what the options say: owners by their names on this machine, and the chosen extended attributes.
 * @throws {Failure} InvalidInput
 */
export function nodeAdapter(options: AdaptOptions): ((node: TreeNode) => TreeNode) | undefined {
  const { ownershipByName, includeXattr, excludeXattr } = options;
  if (includeXattr && excludeXattr) {
    throw new Failure('InvalidInput', '--include-xattr and --exclude-xattr exclude each other', {
      advice: 'Give one of them.',
    });
  }
  if (!ownershipByName && !includeXattr && !excludeXattr) return undefined;
  const owner = ownershipByName ? byName() : (node: TreeNode): TreeNode => node;
  const matches = pathMatcher(includeXattr ?? excludeXattr ?? []);
  const keeps = (name: string): boolean =>
    includeXattr ? matches(name) : excludeXattr ? !matches(name) : true;
  return (node) => {
    const { extendedAttributes, ...owned } = owner(node);
    const kept = extendedAttributes?.filter(({ name }) => keeps(name)) ?? [];
    return kept.length > 0 ? { ...owned, extendedAttributes: kept } : owned;
  };
}

/** Names that this machine does not know leave the numbers as they are. */
function byName(): (node: TreeNode) => TreeNode {
  const users = idsByName('/etc/passwd');
  const groups = idsByName('/etc/group');
  return (node) => ({
    ...node,
    uid: users.get(node.user ?? '') ?? node.uid,
    gid: groups.get(node.group ?? '') ?? node.gid,
  });
}

function idsByName(file: string): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name !== '' && /^\d+$/.test(id) && !ids.has(name)) ids.set(name, Number(id));
  }
  return ids;
}
