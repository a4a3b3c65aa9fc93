import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandEnvironment, commandFlags, commandLineFile } from '../../scripts/start.mjs';
import type { Command } from '../measure.ts';
import { type Contender, password } from './contender.ts';

const program = fileURLToPath(new URL(`../../${commandLineFile()}`, import.meta.url));

/** Ours, with the flags and the environment that the command `resguardo` gives to Node. */
export function resguardo(): Contender {
  const env = { ...commandEnvironment, RESGUARDO_PASSWORD: password };
  const run = (repository: string, ...args: string[]): Command => ({
    argv: [
      process.execPath,
      ...commandFlags,
      path.normalize(program),
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
    opensRestic: true,
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
