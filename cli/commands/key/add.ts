import type { Command } from 'commander';
import { Failure } from '../../../contracts/failures.ts';
import type { KeyOwner } from '../../../repository/keys/key-file.ts';
import { withLock } from '../../../repository/lock/with-lock.ts';
import { Repository } from '../../../repository/repository.ts';
import { auditedRepository } from '../../audit.ts';
import { storeOf, withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { shortId } from '../../output/format.ts';
import { addRepositoryOptions, type RepositorySelection, resolveAccess } from '../../repository-access.ts';
import { newPassword } from '../../repository-password.ts';

interface Options extends RepositorySelection {
  readonly newPasswordFile?: string;
  readonly newInsecureNoPassword?: boolean;
  readonly user?: string;
  readonly host?: string;
}

export function defineKeyAdd({ parent, run }: Definition): void {
  const command = parent.command('add').description('add a password that opens the repository, too');
  addNewPasswordOptions(command).action(
    run(add, { action: 'key.add', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['resguardo repo key add --new-password-file second.key --repo /srv/backup', 'from a file'],
    ['resguardo repo key add --repo /srv/backup', 'on a terminal you are asked'],
  ]);
}

export function defineKeyPasswd({ parent, run }: Definition): void {
  const command = parent
    .command('passwd')
    .description('change the password: add the new one, try it, and remove the one in use');
  addNewPasswordOptions(command).action(
    run(change, { action: 'key.passwd', subjects: (options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['resguardo repo key passwd --new-password-file new.key --repo /srv/backup', 'from a file'],
  ]);
}

function addNewPasswordOptions(command: Command): Command {
  return addRepositoryOptions(command)
    .option('--new-password-file <file>', 'file with the new password (default: you are asked)')
    .option('--new-insecure-no-password', 'the new password is empty: whoever has the repository can read it')
    .option('--user <name>', 'who the password is for')
    .option('--host <name>', 'which machine it is for');
}

async function add(context: CommandContext, options: Options): Promise<number> {
  const id = await withLockedRepository(context, { ...options, purpose: 'add' }, async (repository) => {
    const password = await newPassword(context, options);
    return await repository.addKey(password, { owner: owner(options) });
  });
  await context.output.result({ added: id }, `Added the password ${shortId(id)}`);
  return 0;
}

async function change(context: CommandContext, options: Options): Promise<number> {
  const { signal, output } = context;
  const access = await resolveAccess(context, options);
  const repository = await Repository.open(await storeOf(context, access), access.password, access.options);
  try {
    const password = await newPassword(context, options);
    if (password.reveal() === access.password.reveal()) throw samePassword();
    const old = repository.keyId;
    const added = await withLock(
      repository,
      { exclusive: true, waitMs: options.retryLock ?? 0, signal },
      async (underLock) => {
        const id = await repository.addKey(password, { owner: owner(options) });
        // The old password goes only once the new one has opened the repository.
        const opened = await Repository.open(await storeOf(context, access), password);
        await opened.close();
        await repository.store.remove({ type: 'key', name: old }, underLock);
        return id;
      },
    );
    await output.result(
      { added, removed: old },
      `The password is now ${shortId(added)}; ${shortId(old)} is gone`,
    );
  } finally {
    await repository.close();
  }
  return 0;
}

function owner({ user, host }: Options): Partial<KeyOwner> {
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(host === undefined ? {} : { hostname: host }),
  };
}

function samePassword(): Failure {
  return new Failure('InvalidInput', 'The new password is the one in use', {
    advice: 'Choose another one.',
  });
}
