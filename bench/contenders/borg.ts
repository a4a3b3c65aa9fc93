import path from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import { findProgram } from '../../programs/find.ts';
import type { Command } from '../measure.ts';
import { type Contender, password } from './contender.ts';

/**
 * Borg, with zstd at level 3: its own choice, lz4, makes repositories that are larger by more than a tenth.
 * @throws {Failure} ToolMissing
 */
export function borg(): Contender {
  const executable = findProgram('borg', process.env.PATH ?? '');
  if (!executable) {
    throw new Failure('ToolMissing', 'borg is missing', {
      advice: 'Install the package borgbackup of your distribution.',
    });
  }
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [executable, ...args],
    env: {
      BORG_REPO: repository,
      BORG_PASSPHRASE: password,
      // Its cache, which stays with the turns of one benchmark.
      BORG_BASE_DIR: path.join(path.dirname(repository), 'borg-home'),
      BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    },
  });
  const create = (repository: string, ...sources: string[]): Command =>
    run(repository, 'create', '--compression', 'zstd,3', ...sources);
  return {
    name: 'borg',
    opensRestic: false,
    init: (repository) => run(repository, 'init', '--encryption', 'repokey'),
    backup: (repository, folder) => create(repository, '::{now:%s.%f}', folder),
    backupStream: (repository, file) => ({
      ...create(repository, '--stdin-name', 'dump.sql', '::{now:%s.%f}', '-'),
      stdin: file,
    }),
    check: (repository) => run(repository, 'check', '--verify-data'),
  };
}
