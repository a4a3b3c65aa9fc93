import type { RestoreForecast } from '../contracts/database-restore.ts';

/** What a forecast is made of; sizes in bytes, rates in bytes of the dump for each second. */
export interface ForecastFacts {
  /** Of the dump, as it is loaded. */
  readonly loadBytes: number;
  /** Of it, as it is stored: so many come from the repository. */
  readonly storedBytes: number;
  /** Measured now, by reading a part of the dump. */
  readonly readRate: number | undefined;
  /** Whole restores of this source that went well, the newest ones. */
  readonly past: readonly { readonly bytes: number; readonly seconds: number }[];
  /** Address of the repository: "s3:…", "/srv/backup". */
  readonly location: string;
}

/** No server that we know loads, indexes, checks and compares faster with two programs. */
const assumedRate = 20_000_000;

/** Steps that take time whatever the size. */
const leastSeconds = 5;

/**
 * What providers ask for a GB that leaves them towards the internet, in US dollars: their list prices for the
 * first 10 TB of a month, North America and Europe, as of 2026-01. Within their own region it is usually free.
 */
const egressPrices: Readonly<Record<string, number>> = { s3: 0.09, azure: 0.087, gs: 0.12, b2: 0.01 };

/** Tells how long a restore will take and what its data costs on the way. */
export function forecastRestore(facts: ForecastFacts): RestoreForecast {
  const { loadBytes, storedBytes, readRate, past, location } = facts;
  const rates = past.filter(({ bytes, seconds }) => bytes > 0 && seconds > 0);
  const [median] = rates
    .map(({ bytes, seconds }) => bytes / seconds)
    .sort((left, right) => left - right)
    .slice(Math.floor(rates.length / 2));
  const rate = median ?? Math.min(assumedRate, readRate ?? assumedRate);
  const scheme = /^([a-z0-9]{2,}):/.exec(location)?.[1] ?? '';
  const price = egressPrices[scheme];
  return {
    loadBytes,
    storedBytes,
    seconds: Math.max(leastSeconds, Math.round(loadBytes / rate)),
    basis:
      median === undefined
        ? 'estimate: no restore of this source has been measured yet'
        : `measured in ${rates.length} ${rates.length === 1 ? 'restore' : 'restores'} of this source`,
    ...(readRate !== undefined && { readBytesPerSecond: Math.round(readRate) }),
    ...(price !== undefined && { egressUsd: Math.round((storedBytes / 1e9) * price * 100) / 100 }),
  };
}
