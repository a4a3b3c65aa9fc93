import type { Command } from 'commander';
import { Failure } from '../contracts/failures.ts';
import type { RepositorySelection } from './repository-access.ts';

/** Options that name a second repository, which is read from. */
export interface FromSelection {
  readonly fromRepo?: string;
  readonly fromRepository?: string;
  readonly fromPasswordFile?: string;
}

export function addFromOptions(command: Command): Command {
  return command
    .option('--from-repo <url>', 'repository to copy from')
    .option('--from-repository <name>', 'repository of the configuration to copy from, by its name')
    .option('--from-password-file <file>', 'file with its password (default: that of the other repository)');
}

/** @throws {Failure} InvalidInput when no repository is named */
export function fromRepository(options: FromSelection): RepositorySelection {
  const { fromRepo, fromRepository: name, fromPasswordFile } = options;
  if (fromRepo === undefined && name === undefined) {
    throw new Failure('InvalidInput', 'Which repository is to be copied from?', {
      advice: 'Give --from-repo URL and --from-password-file FILE.',
    });
  }
  return {
    ...(fromRepo === undefined ? {} : { repo: fromRepo }),
    ...(name === undefined ? {} : { repository: name }),
    ...(fromPasswordFile === undefined ? {} : { passwordFile: fromPasswordFile }),
  };
}
