import { Argument } from 'commander';
import type { Repository } from '../../../repository/repository.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import type { ListItem } from '../../output/output.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

const kinds = ['blobs', 'packs', 'index', 'snapshots', 'keys', 'locks'] as const;
type Kind = (typeof kinds)[number];

/** Types of files by restic's words. */
const fileTypes = {
  packs: 'data',
  index: 'index',
  snapshots: 'snapshot',
  keys: 'key',
  locks: 'lock',
} as const;

export function defineRepoList({ parent, run }: Definition): void {
  const command = parent
    .command('list')
    .description('list the names of what a repository is made of')
    .addArgument(new Argument('<kind>', 'what is listed').choices(kinds));
  addRepositoryOptions(command).action(run(list));
  withExamples(command, [
    ['resguardo repo list packs --repo /srv/backup', 'the files of data'],
    ['resguardo repo list blobs --repo /srv/backup', 'what the index names: data and trees'],
  ]);
}

async function list(context: CommandContext, kind: Kind, options: RepositorySelection): Promise<number> {
  // Listing locks must not make one.
  const lock = kind === 'locks' ? { lock: false } : {};
  await withLockedRepository(context, { ...options, ...lock, purpose: 'read' }, (repository, signal) =>
    context.output.list(items(repository, kind, signal)),
  );
  return 0;
}

async function* items(repository: Repository, kind: Kind, signal: AbortSignal): AsyncGenerator<ListItem> {
  if (kind !== 'blobs') {
    for await (const { name, sizeBytes } of repository.store.list(fileTypes[kind], signal)) {
      yield { document: { id: name, size: sizeBytes }, text: name };
    }
    return;
  }
  await repository.loadIndex(signal);
  for (const { type, id } of repository.index.blobs())
    yield { document: { type, id }, text: `${type} ${id}` };
}
