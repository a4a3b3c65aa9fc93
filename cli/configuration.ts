import { type Configuration, loadConfiguration } from '../configuration/load.ts';
import { Failure } from '../contracts/failures.ts';
import type { CommandContext } from './context.ts';

/** The configuration that a command works with. */
export function loadContextConfiguration({ configFile, env, cwd }: CommandContext): Promise<Configuration> {
  return loadConfiguration({ ...(configFile === undefined ? {} : { file: configFile }), env, cwd });
}

/**
 * Name of the repository that a command means.
 * @throws {Failure} InvalidInput
 */
export function repositoryName(configuration: Configuration, name?: string): string {
  const names = Object.keys(configuration.repositories);
  const wanted = name ?? configuration.defaultRepository ?? (names.length === 1 ? names[0] : undefined);
  if (wanted !== undefined && Object.hasOwn(configuration.repositories, wanted)) return wanted;
  const known = names.join(', ');
  throw wanted === undefined
    ? new Failure('InvalidInput', 'The configuration has several repositories', {
        advice: `Give --repository with one of: ${known}.`,
      })
    : new Failure('InvalidInput', `The configuration has no repository "${wanted}"`, {
        advice: `It has: ${known}.`,
      });
}

/** Name of the repository that takes a source's snapshots. */
export function sourceRepository(configuration: Configuration, source: string): string {
  return repositoryName(configuration, configuration.sources[source]?.repository);
}
