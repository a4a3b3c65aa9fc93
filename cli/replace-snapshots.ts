import type { Repository } from '../repository/repository.ts';
import { replaceSnapshot, type SnapshotChange } from '../repository/rewrite/replace-snapshot.ts';
import { type ChangedTree, type TreeChange, TreeRewriter } from '../repository/rewrite/rewrite-tree.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { chosenSnapshots } from './chosen-snapshots.ts';
import { withLockedRepository } from './composition.ts';
import type { CommandContext } from './context.ts';
import { formatQuantity, shortId } from './output/format.ts';
import { createProgressBoard } from './output/progress.ts';
import type { RepositorySelection } from './repository-access.ts';
import type { SnapshotOptions } from './snapshot-options.ts';

export interface ReplaceOptions extends RepositorySelection, SnapshotOptions {
  readonly dryRun?: boolean;
  readonly forget?: boolean;
}

/** How snapshots are to be changed. */
export interface Replacement {
  readonly change: TreeChange;
  /** Called before the tree of a snapshot is looked at. */
  readonly begin?: (snapshot: Snapshot) => void;
  readonly describe: (snapshot: Snapshot, tree: ChangedTree | undefined) => SnapshotChange;
}

export interface ReplacedSnapshot {
  readonly old: string;
  readonly outcome: 'unchanged' | 'emptied' | 'replaced';
  /** Id of the new one; none in a dry run. */
  readonly new?: string;
  readonly removed: boolean;
}

/**
 * Writes chosen snapshots anew: first the trees of all, then the snapshots. With `--forget` the old ones go one by
 * one, each once its new one is stored.
 */
export async function replaceAll(
  context: CommandContext,
  { ids, options }: { readonly ids: readonly string[]; readonly options: ReplaceOptions },
  replacement: (repository: Repository) => Replacement,
): Promise<readonly ReplacedSnapshot[]> {
  const { dryRun = false, forget = false } = options;
  const purpose = forget && !dryRun ? 'remove' : 'add';
  const board = createProgressBoard({ output: context.output });
  try {
    return await withLockedRepository(context, { ...options, purpose }, async (repository, signal) => {
      await repository.loadIndex(signal);
      const snapshots = await chosenSnapshots(repository, ids, options, signal);
      const row = board.row('rewrite');
      const { change, begin, describe } = replacement(repository);
      const writer = await repository.openWriter({ signal });
      const trees: (ChangedTree | undefined)[] = [];
      try {
        const rewriter = new TreeRewriter({ reader: repository, writer, change, signal });
        for (const [done, snapshot] of snapshots.entries()) {
          begin?.(snapshot);
          const counts = { filesDone: 0, bytesDone: 0, bytesStored: 0 };
          row.update({ phase: 'commit', ...counts, current: `snapshot ${done + 1} of ${snapshots.length}` });
          trees.push(await rewriter.rewrite(snapshot.tree));
        }
        await writer.finish(signal);
      } finally {
        await writer.abort();
        row.finish();
      }
      const results: ReplacedSnapshot[] = [];
      for (const [index, snapshot] of snapshots.entries()) {
        const request = describe(snapshot, trees[index]);
        const end = await replaceSnapshot(repository, snapshot, request, { forget, dryRun, signal });
        results.push({
          old: snapshot.id,
          outcome: end.kind,
          ...(end.kind === 'replaced' && end.id !== undefined ? { new: end.id } : {}),
          removed: end.kind !== 'unchanged' && end.isRemoved && !dryRun,
        });
      }
      return results;
    });
  } finally {
    board.close();
  }
}

export function renderReplaced(results: readonly ReplacedSnapshot[], { dryRun }: ReplaceOptions): string {
  const changed = results.filter(({ outcome }) => outcome !== 'unchanged');
  const lines = changed.map(({ old, outcome, new: id, removed }) => {
    const gone = removed ? '; the old one is gone' : '';
    if (outcome === 'emptied') return `${shortId(old)}: nothing is left of it${gone}`;
    return id === undefined ? `${shortId(old)} would change` : `${shortId(old)} is now ${shortId(id)}${gone}`;
  });
  const count = `${formatQuantity(changed.length, 'snapshot')} of ${results.length}`;
  return [...lines, dryRun === true ? `${count} would change: this was a dry run` : `Changed ${count}`].join(
    '\n',
  );
}
