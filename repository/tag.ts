import { removeFiles } from './remove-files.ts';
import type { Repository } from './repository.ts';
import type { Failpoint } from './sealed-files.ts';
import type { NewSnapshot, Snapshot } from './snapshot.ts';

/** Either all tags anew, or some more and some fewer. */
export type TagChange =
  | { readonly set: readonly string[] }
  | { readonly add?: readonly string[]; readonly remove?: readonly string[] };

/**
 * Changes the tags of a snapshot. It becomes another file with another id, and keeps its first one as `original`;
 * the old file goes once the new one is stored. The caller holds an exclusive lock.
 * @returns the new id; undefined when the tags are so already
 */
export async function changeTags(
  repository: Repository,
  snapshot: Snapshot,
  {
    change,
    signal,
    failpoint,
  }: {
    readonly change: TagChange;
    readonly signal: AbortSignal;
    readonly failpoint?: Failpoint;
  },
): Promise<string | undefined> {
  const tags = changedTags(snapshot.tags, change);
  if (tags.length === snapshot.tags.length && tags.every((tag, index) => tag === snapshot.tags[index])) {
    return undefined;
  }
  const { id, ...stored } = snapshot;
  const changed: NewSnapshot = { ...stored, tags, original: snapshot.original ?? id };
  const newId = await repository.commitSnapshot(changed, signal);
  // Equal bytes would be one file; then there is no old one.
  if (newId !== id) await removeFiles(repository.store, { type: 'snapshot', names: [id], signal, failpoint });
  return newId;
}

/** Tags in their order, each once; new ones at the end. */
function changedTags(tags: readonly string[], change: TagChange): readonly string[] {
  if ('set' in change) return [...new Set(change.set)].filter((tag) => tag !== '');
  const removed = new Set(change.remove ?? []);
  return [...new Set([...tags, ...(change.add ?? [])])].filter((tag) => !removed.has(tag));
}
