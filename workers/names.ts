import { userInfo } from 'node:os';
import type { Names } from '../activities/index.ts';
import type { SourceHooksConfiguration } from '../configuration/hooks-schema.ts';
import type { Configuration } from '../configuration/load.ts';
import { archivesOf, mayBeFrozen, placementOf, placements } from '../configuration/placement.ts';
import type { SourceConfiguration } from '../configuration/schema.ts';
import type { CopyRoute } from '../contracts/activities.ts';
import { parseDuration } from '../contracts/duration.ts';
import { Failure } from '../contracts/failures.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import { hostQueue } from '../contracts/queues.ts';
import { cleanPaths } from '../sources/files/targets.ts';
import { resolvedHooks } from './hooks.ts';

/** Answers what workflows ask of the configuration; needs no secret and no connection. */
export function createNames(configuration: Configuration, programVersion: string): Names {
  const timeouts = {
    heartbeatTimeoutMs: durationOf('heartbeatTimeout', configuration.temporal.heartbeatTimeout),
    hostTimeoutMs: durationOf('hostTimeout', configuration.temporal.hostTimeout),
  };
  // Copies with times of their own do not follow each backup.
  const isInStep = (repository: string): boolean =>
    !Object.hasOwn(configuration.schedules.repository_copies.repositories, repository);
  const home = { host: configuration.host, queue: hostQueue(configuration.host), ...timeouts };
  return {
    resolveSource(name, other) {
      const source = own(configuration.sources, name);
      if (source === undefined) throw unknown('source', name, Object.keys(configuration.sources));
      const host = source.host ?? configuration.host;
      const repository = repositoryName(configuration, other ?? source.repository);
      return {
        source: name,
        kind: source.kind,
        host,
        queue: hostQueue(host),
        repository,
        ...(mayBeFrozen(configuration, repository) && { mayBeFrozen: true }),
        paths: snapshotPaths(name, source),
        username: userInfo().username,
        programVersion: `resguardo ${programVersion}`,
        copies: placementOf(configuration, name).copiesIn.filter(isInStep),
        tags: source.tags,
        ...timeouts,
        ...withHooks(source.hooks),
      };
    },
    resolveRepository: (name) => ({ repository: repositoryName(configuration, name), ...home }),
    resolveHost: () => home,
    listRepositories: () => Object.keys(configuration.repositories).toSorted(),
    listPrunedRepositories: () =>
      Object.entries(configuration.repositories)
        .flatMap(([name, { prune }]) => (prune.enabled ? [name] : []))
        .toSorted(),
    listHosts: () => {
      const own = Object.values(configuration.sources).map(({ host }) => host ?? configuration.host);
      const hosts = [...new Set([configuration.host, ...own])].toSorted();
      return hosts.map((host) => ({ host, queue: hostQueue(host), ...timeouts }));
    },
    listLockedRepositories: () =>
      Object.entries(configuration.repositories)
        .flatMap(([name, { s3 }]) => (s3?.objectLock === undefined ? [] : [name]))
        .toSorted(),
    listCopyTargets: ({ scheduled }) => {
      const targets = new Set(placements(configuration).flatMap(({ copiesIn }) => copiesIn));
      return [...targets].filter((name) => !scheduled || isInStep(name)).toSorted();
    },
    listArchives: () => archivesOf(configuration),
    listCopyRoutes: ({ repository, sources }) => {
      for (const name of sources) {
        if (own(configuration.sources, name) === undefined) {
          throw unknown('source', name, Object.keys(configuration.sources));
        }
      }
      return copyRoutes(configuration, repositoryName(configuration, repository), sources);
    },
    listSources({ after, limit }) {
      const names = Object.keys(configuration.sources).toSorted();
      const rest = after === undefined ? names : names.filter((name) => name > after);
      const sources = rest
        .slice(0, limit)
        .map((source) => ({ source, host: own(configuration.sources, source)?.host ?? configuration.host }));
      const hooks = resolvedHooks(configuration.hooks);
      const around = hooks.length === 0 ? {} : { around: { place: home, hooks } };
      return { sources, more: rest.length > limit, ...around };
    },
  };
}

function withHooks(lists: SourceHooksConfiguration): Pick<ResolvedSource, 'hooks' | 'restoreHooks'> {
  const [hooks, restoreHooks] = [resolvedHooks(lists), resolvedHooks(lists.restore, 'restore')];
  return {
    ...(hooks.length === 0 ? {} : { hooks }),
    ...(restoreHooks.length === 0 ? {} : { restoreHooks }),
  };
}

/** One route for each repository that copies come from. */
function copyRoutes(
  configuration: Configuration,
  to: string,
  further: readonly string[],
): readonly CopyRoute[] {
  const wanted = placements(configuration).filter(
    ({ source, repository, copiesIn, archivesIn }) =>
      repository !== to && ([...copiesIn, ...archivesIn].includes(to) || further.includes(source)),
  );
  const origins = Map.groupBy(wanted, ({ repository }) => repository);
  const newestOnly = archivesOf(configuration).includes(to);
  return [...origins].map(([from, group]) => ({
    from,
    to,
    sources: group.map(({ source }) => source),
    ...(newestOnly && { newestOnly }),
  }));
}

function repositoryName(configuration: Configuration, wanted: string | undefined): string {
  const names = Object.keys(configuration.repositories);
  const name = wanted ?? configuration.defaultRepository ?? (names.length === 1 ? names[0] : undefined);
  if (name === undefined) {
    throw new Failure('InvalidInput', `repository: is needed, one of ${names.join(', ')}`, {
      advice: 'Name the repository in the input, or set defaultRepository in the configuration.',
    });
  }
  if (own(configuration.repositories, name) === undefined) throw unknown('repository', name, names);
  return name;
}

/** `paths` of a source's snapshots, as the source itself gives them. */
function snapshotPaths(name: string, source: SourceConfiguration): readonly string[] {
  switch (source.kind) {
    case 'files':
      return cleanPaths(source.paths);
    case 'postgres':
    case 'mysql':
    case 'command':
      return [`/${name}`];
  }
}

function durationOf(field: string, text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs;
  throw new Failure('InvalidConfiguration', `temporal.${field}: must be a duration such as 60s`);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function unknown(field: 'source' | 'repository', name: string, known: readonly string[]): Failure {
  const list = known.length === 0 ? 'none' : known.join(', ');
  return new Failure(
    'InvalidInput',
    `${field}: the configuration has no ${field} "${name}"; it has ${list}`,
    {
      advice: `Correct the name, or add the ${field} to the configuration and start the worker again.`,
    },
  );
}
