import type { Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { defineRepositoryCommands } from '../registry.ts';

export async function defineRepo({ parent, ...definition }: Definition): Promise<void> {
  const group = parent
    .command('repo')
    .description('work on a repository directly: without Temporal, and without a configuration file');
  await defineRepositoryCommands({ parent: group, ...definition });
  withExamples(group, [
    ['resguardo repo init --repo /srv/backup --password-file key', 'create a repository'],
    ['resguardo repo backup /etc --repo /srv/backup --password-file key', 'back up a folder'],
    ['resguardo repo check --read-data --repo /srv/backup --password-file key', 'read and verify all of it'],
  ]);
}
