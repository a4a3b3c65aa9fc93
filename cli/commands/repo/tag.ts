import { Failure } from '../../../contracts/failures.ts';
import { changeTags, type TagChange } from '../../../repository/tag.ts';
import { auditedRepository } from '../../audit.ts';
import { chosenSnapshots } from '../../chosen-snapshots.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { repeatable } from '../../option-values.ts';
import { formatQuantity, shortId } from '../../output/format.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions } from '../../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly set?: readonly string[];
}

export function defineRepoTag({ parent, run }: Definition): void {
  const command = parent
    .command('tag')
    .description('change the tags of snapshots: those named, or all that the filters leave')
    .argument('[snapshot...]', 'first digits of ids, or "latest"')
    .option('--add <tags>', 'tags to add (a,b); repeatable', repeatable)
    .option('--remove <tags>', 'tags to take away (a,b); repeatable', repeatable)
    .option('--set <tags>', 'these tags in place of all; an empty text for none', repeatable);
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(tag, {
      action: 'repo.tag',
      subjects: (_ids, options) => [auditedRepository(options)],
      detail: (ids, { add = [], remove = [], set = [] }) => ({
        snapshots: ids.join(' '),
        add: add.join(','),
        remove: remove.join(','),
        set: set.join(','),
      }),
    }),
  );
  withExamples(command, [
    ['resguardo repo tag latest --add hold --repo /srv/backup', 'no rule of `forget` removes it any more'],
    ['resguardo repo tag 1a2b3c4d --remove hold --repo /srv/backup', 'let it go again'],
  ]);
}

async function tag(context: CommandContext, ids: readonly string[], options: Options): Promise<number> {
  const change = tagChange(options);
  const { output } = context;
  const changed = await withLockedRepository(
    context,
    { ...options, purpose: 'remove' },
    async (repository, signal) => {
      const results: { readonly old: string; readonly new: string }[] = [];
      for (const snapshot of await chosenSnapshots(repository, ids, options, signal)) {
        const id = await changeTags(repository, snapshot, { change, signal });
        if (id !== undefined) results.push({ old: snapshot.id, new: id });
      }
      return results;
    },
  );
  const lines = changed.map(({ old, new: id }) => `${shortId(old)} is now ${shortId(id)}`);
  await output.result(
    { changed },
    [...lines, `Changed ${formatQuantity(changed.length, 'snapshot')}`].join('\n'),
  );
  return 0;
}

/** @throws {Failure} InvalidInput */
function tagChange({ add, remove, set }: Options): TagChange {
  if (set && (add || remove)) {
    throw new Failure('InvalidInput', '--set and --add or --remove exclude each other', {
      advice: 'Give all tags by --set, or the changes by --add and --remove.',
    });
  }
  if (set) return { set: split(set) };
  if (add || remove) return { add: split(add ?? []), remove: split(remove ?? []) };
  throw new Failure('InvalidInput', 'Which tags are to be changed?', {
    advice: 'Give --add, --remove or --set.',
  });
}

function split(lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(',')).filter((name) => name !== '');
}
