import { Repository } from '../../../repository/repository.ts';
import { auditedRepository } from '../../audit.ts';
import { storeOf } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { shortId } from '../../output/format.ts';
import { addRepositoryOptions, type RepositorySelection, resolveAccess } from '../../repository-access.ts';

export function defineRepoInit({ parent, run }: Definition): void {
  const command = addRepositoryOptions(
    parent.command('init').description('create a repository of format version 2'),
  ).action(run(init, { action: 'repo.init', subjects: (options) => [auditedRepository(options)] }));
  withExamples(command, [
    ['(umask 077; head -c 32 /dev/urandom | base64 > resguardo.key)', 'make a key'],
    ['resguardo repo init --repo /srv/backup --password-file resguardo.key', 'create the repository'],
  ]);
}

async function init(context: CommandContext, options: RepositorySelection): Promise<number> {
  const access = await resolveAccess(context, options, { isNew: true });
  const store = storeOf(access);
  const repository = await Repository.init(store, access.password);
  try {
    await context.output.result(
      { id: repository.id, repository: store.location },
      [
        `Created the repository ${shortId(repository.id)} at ${store.location}`,
        'Without its password nobody can read it, you included: keep a copy of it somewhere else.',
      ].join('\n'),
    );
  } finally {
    await repository.close();
  }
  return 0;
}
