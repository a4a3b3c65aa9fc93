import type { RunLimits } from '../contracts/limits.ts';
import type { RepositoryConfiguration } from './repositories-schema.ts';

/** What a person sets as limits, in KiB per second. */
export type LimitsConfiguration = NonNullable<RepositoryConfiguration['limits']>;

/** What a person sets as limits, in bytes per second. */
export function bytesPerSecond({ uploadKiB, downloadKiB, connections }: LimitsConfiguration) {
  return {
    uploadBytesPerSecond: uploadKiB === undefined ? undefined : uploadKiB * 1024,
    downloadBytesPerSecond: downloadKiB === undefined ? undefined : downloadKiB * 1024,
    connections,
  };
}

/** The limits of the configuration as a person has changed them for a run; null is no limit. */
export function withChanges(limits: LimitsConfiguration, changed: RunLimits): LimitsConfiguration {
  return {
    uploadKiB: changed.uploadKiB === undefined ? limits.uploadKiB : (changed.uploadKiB ?? undefined),
    downloadKiB: changed.downloadKiB === undefined ? limits.downloadKiB : (changed.downloadKiB ?? undefined),
    connections: changed.connections ?? limits.connections,
  };
}
