import { ensureRustic } from '../../tools/rustic.ts';
import type { Command } from '../measure.ts';
import { type Contender, password } from './contender.ts';

/** rustic 0.11.4, the Rust program for restic's format. */
export async function rustic(): Promise<Contender> {
  const executable = await ensureRustic({ onNotice: (notice) => console.log(notice) });
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [executable, '--repository', repository, '--no-cache', '--no-progress', ...args],
    env: { RUSTIC_PASSWORD: password },
  });
  return {
    name: 'rustic',
    opensRestic: true,
    init: (repository) => run(repository, 'init'),
    backup: (repository, folder) => run(repository, 'backup', folder),
    backupStream: (repository, file) => ({
      ...run(repository, 'backup', '-', '--stdin-filename', 'dump.sql'),
      stdin: file,
    }),
    restore: (repository, target) => run(repository, 'restore', 'latest', target),
    check: (repository) => run(repository, 'check', '--read-data'),
  };
}
