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
