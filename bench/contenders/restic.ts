import { ensureRestic } from '../../tools/restic.ts';
import type { Command } from '../measure.ts';
import { type Contender, password } from './contender.ts';

/** restic 0.19.1, which the targets are set against. */
export async function restic(): Promise<Contender> {
  const executable = await ensureRestic('0.19.1');
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [executable, '-r', repository, '--no-cache', '--quiet', ...args],
    env: { RESTIC_PASSWORD: password },
  });
  return {
    name: 'restic',
    opensRestic: true,
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
