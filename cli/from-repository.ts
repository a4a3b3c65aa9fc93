import { type Command, Option } from 'commander';
import { Failure } from '../contracts/failures.ts';
import type { RepositorySelection } from './repository-access.ts';

/** Options that name a second repository, which is read from. */
export interface FromSelection {
  readonly fromRepo?: string;
  readonly fromRepository?: string;
  readonly fromRepositoryFile?: string;
  readonly fromPasswordFile?: string;
  readonly fromPasswordCommand?: string;
  readonly fromInsecureNoPassword?: boolean;
  readonly fromKeyHint?: string;
}

/** The options, and restic's variables for them. */
export function addFromOptions(command: Command): Command {
  const option = (flags: string, description: string, variable: string): Option =>
    new Option(flags, description).env(variable);
  return command
    .optionsGroup('Repository to copy from:')
    .addOption(option('--from-repo <url>', 'its URL', 'RESTIC_FROM_REPOSITORY'))
    .option('--from-repository <name>', 'its name in the configuration')
    .addOption(option('--from-repository-file <file>', 'file with its URL', 'RESTIC_FROM_REPOSITORY_FILE'))
    .option(
      '--from-password-file <file>',
      'file with its password (default: RESTIC_FROM_PASSWORD, RESTIC_FROM_PASSWORD_FILE, RESTIC_FROM_PASSWORD_COMMAND, else that of the other repository)',
    )
    .option('--from-password-command <command>', 'program that prints its password')
    .option('--from-insecure-no-password', 'its password is empty')
    .addOption(option('--from-key-hint <id>', 'its key file to try first', 'RESTIC_FROM_KEY_HINT'));
}

/** @throws {Failure} InvalidInput when no repository is named */
export function fromRepository(options: FromSelection): RepositorySelection {
  const { fromRepo, fromRepository: name, fromRepositoryFile: file } = options;
  if ((fromRepo ?? name ?? file) === undefined) {
    throw new Failure('InvalidInput', 'Which repository is to be copied from?', {
      advice: 'Give --from-repo URL and --from-password-file FILE.',
    });
  }
  const { fromPasswordFile, fromPasswordCommand, fromInsecureNoPassword, fromKeyHint } = options;
  return {
    passwordVariables: ['RESTIC_FROM', 'RESGUARDO', 'RESTIC'],
    ...(fromRepo === undefined ? {} : { repo: fromRepo }),
    ...(name === undefined ? {} : { repository: name }),
    ...(file === undefined ? {} : { repositoryFile: file }),
    ...(fromPasswordFile === undefined ? {} : { passwordFile: fromPasswordFile }),
    ...(fromPasswordCommand === undefined ? {} : { passwordCommand: fromPasswordCommand }),
    ...(fromInsecureNoPassword === undefined ? {} : { insecureNoPassword: fromInsecureNoPassword }),
    ...(fromKeyHint === undefined ? {} : { keyHint: fromKeyHint }),
  };
}
