import path from 'node:path';
import type { Configuration } from '../configuration/load.ts';
import { placementOf } from '../configuration/placement.ts';
import { secretFilesIn } from '../configuration/references.ts';
import { freshnessOf } from '../control/copies.ts';
import { retentionOf } from '../control/retention.ts';
import type { InspectorOptions, WatchedRepository } from '../inspection/inspector.ts';
import type { GovernedSource } from '../policy/compliance/facts.ts';

/** What inspections need to know of the configuration. */
export type InspectedConfiguration = Pick<
  InspectorOptions,
  'stateDir' | 'configurationFile' | 'secretFiles' | 'sources' | 'repositories' | 'timeZone'
>;

export function inspected(configuration: Configuration): InspectedConfiguration {
  const { stateDir, file, repositories, sources, schedules } = configuration;
  return {
    stateDir,
    ...(file === undefined ? {} : { configurationFile: file }),
    secretFiles: secretFilesIn(configuration),
    sources: Object.keys(sources).map((name) => governed(configuration, name)),
    repositories: Object.keys(repositories).map((name) => watched(configuration, name)),
    timeZone: schedules.timeZone,
  };
}

function governed(configuration: Configuration, name: string): GovernedSource & { readonly kind: string } {
  const { sources, policies } = configuration;
  const source = sources[name];
  const kind = source?.kind ?? 'files';
  const placement = placementOf(configuration, name);
  return {
    kind,
    ...placement,
    limits: freshnessOf(configuration, name),
    retention: retentionOf(configuration, placement.repository),
    copies: policies.copies,
  };
}

const media: Readonly<Record<string, string>> = {
  s3: 's3',
  b2: 's3',
  azure: 'azure',
  gs: 'gcs',
  sftp: 'sftp',
};

function watched({ repositories }: Configuration, repository: string): WatchedRepository {
  const { url = '', password = '', offsite } = repositories[repository] ?? {};
  const scheme = /^([a-z0-9]{2,}):/.exec(url)?.[1] ?? 'local';
  const folder = scheme === 'local' ? path.resolve(url.replace(/^local:/, '')) : undefined;
  return {
    repository,
    ...(folder === undefined ? {} : { folder }),
    medium: media[scheme] ?? 'disk',
    offsite: offsite ?? folder === undefined,
    ...(password.startsWith('file:') ? { keyFile: password.slice('file:'.length) } : {}),
  };
}
