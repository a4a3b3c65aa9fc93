import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './measure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A program under measurement: how it does each piece of work on a repository folder. */
export interface Contender {
  readonly name: string;
  init(repository: string): Command;
  backup(repository: string, folder: string): Command;
  backupStream(repository: string, file: string): Command;
  restore(repository: string, target: string): Command;
  check(repository: string): Command;
  /** Removes what is not needed at once. */
  prune(repository: string): Command;
}

/** Of all repositories. */
export const password = 'bench';

export function resguardo(): Contender {
  const env = { RESGUARDO_PASSWORD: password };
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [
      process.execPath,
      path.join(root, 'cli/main.ts'),
      'repo',
      ...args,
      '--repo',
      repository,
      '--quiet',
    ],
    env,
  });
  return {
    name: 'resguardo',
    init: (repository) => run(repository, 'init'),
    backup: (repository, folder) => run(repository, 'backup', folder),
    backupStream: (repository, file) => ({
      ...run(repository, 'backup', '--stdin', 'dump.sql'),
      stdin: file,
    }),
    restore: (repository, target) => run(repository, 'restore', 'latest', '--target', target),
    check: (repository) => run(repository, 'check', '--read-data'),
    prune: (repository) => run(repository, 'prune', '--delete-delay', '0s'),
  };
}

export function restic(executable: string): Contender {
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [executable, '-r', repository, '--no-cache', '--quiet', ...args],
    env: { RESTIC_PASSWORD: password },
  });
  return {
    name: 'restic',
    init: (repository) => run(repository, 'init'),
    backup: (repository, folder) => run(repository, 'backup', folder),
    backupStream: (repository, file) => ({
      ...run(repository, 'backup', '--stdin', '--stdin-filename', 'dump.sql'),
      stdin: file,
    }),
    restore: (repository, target) => run(repository, 'restore', 'latest', '--target', target),
    check: (repository) => run(repository, 'check', '--read-data'),
    prune: (repository) => run(repository, 'prune'),
  };
}
