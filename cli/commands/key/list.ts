import { Failure } from '../../../contracts/failures.ts';
import type { KeyFile } from '../../../repository/keys/key-file.ts';
import type { Repository } from '../../../repository/repository.ts';
import { auditedRepository } from '../../audit.ts';
import { withLockedRepository, withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { formatTime, shortId } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

export function defineKeyList({ parent, run }: Definition): void {
  const command = parent.command('list').description('list the passwords: who added them, and when');
  addRepositoryOptions(command).action(run(list));
  withExamples(command, [['resguardo repo key list --repo /srv/backup', 'the one in use has a star']]);
}

export function defineKeyRemove({ parent, run }: Definition): void {
  const command = parent
    .command('remove')
    .description('take a password from the repository; never the one in use')
    .argument('<id>', 'first digits of its id');
  addRepositoryOptions(command).action(
    run(remove, {
      action: 'key.remove',
      subjects: (_id, options) => [auditedRepository(options)],
      detail: (id) => ({ key: id }),
    }),
  );
  withExamples(command, [['resguardo repo key remove 1a2b3c4d --repo /srv/backup', 'it opens no more']]);
}

async function list(context: CommandContext, options: RepositorySelection): Promise<number> {
  const keys = await withRepository(context, options, async (repository) => {
    const found = await Array.fromAsync(repository.keys(context.signal));
    return found.map((key) => ({ ...shown(key), current: key.id === repository.keyId }));
  });
  const rows = keys.map(({ id, username, hostname, created, current }) => [
    `${current ? '*' : ' '}${shortId(id)}`,
    username,
    hostname,
    created === '' ? '' : formatTime(new Date(created)),
  ]);
  const columns = [{ title: ' ID' }, { title: 'User' }, { title: 'Host' }, { title: 'Created' }];
  await context.output.result(keys, renderTable(columns, rows));
  return 0;
}

async function remove(
  context: CommandContext,
  prefix: string,
  options: RepositorySelection,
): Promise<number> {
  const removed = await withLockedRepository(
    context,
    { ...options, purpose: 'remove' },
    async (repository, signal) => {
      const id = await findKeyId(repository, prefix, signal);
      await repository.removeKey(id, signal);
      return id;
    },
  );
  await context.output.result(
    { removed },
    `Removed the password ${shortId(removed)}. Who has copied the repository with it can still read that copy.`,
  );
  return 0;
}

/** @throws {Failure} InvalidInput */
async function findKeyId(repository: Repository, prefix: string, signal: AbortSignal): Promise<string> {
  const found: string[] = [];
  // A damaged key file can be removed too, so only names are looked at.
  for await (const { name } of repository.store.list('key', signal)) {
    if (name.startsWith(prefix)) found.push(name);
  }
  const [id, second] = found;
  if (id !== undefined && second === undefined) return id;
  throw new Failure(
    'InvalidInput',
    `${id === undefined ? 'No' : 'More than one'} password has an id with ${prefix}`,
    {
      advice: 'Look with `resguardo key list`.',
    },
  );
}

function shown({ id, username, hostname, created }: KeyFile) {
  return { id, username, hostname, created };
}
