import type { RestoreForecast } from '../contracts/database-restore.ts';
import { listPrices, type PriceList } from './cost/prices.ts';
import { egressUsd } from './cost/thaw.ts';

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
  /** Default: our list. */
  readonly prices?: PriceList;
}

/** No server that we know loads, indexes, checks and compares faster with two programs. */
const assumedRate = 20_000_000;

/** Steps that take time whatever the size. */
const leastSeconds = 5;

/** Tells how long a restore will take and what its data costs on the way. */
export function forecastRestore(facts: ForecastFacts): RestoreForecast {
  const { loadBytes, storedBytes, readRate, past, location, prices = listPrices } = facts;
  const rates = past.filter(({ bytes, seconds }) => bytes > 0 && seconds > 0);
  const [median] = rates
    .map(({ bytes, seconds }) => bytes / seconds)
    .sort((left, right) => left - right)
    .slice(Math.floor(rates.length / 2));
  const rate = median ?? Math.min(assumedRate, readRate ?? assumedRate);
  const egress = egressUsd(location, storedBytes, prices);
  return {
    loadBytes,
    storedBytes,
    seconds: Math.max(leastSeconds, Math.round(loadBytes / rate)),
    basis:
      median === undefined
        ? 'estimate: no restore of this source has been measured yet'
        : `measured in ${rates.length} ${rates.length === 1 ? 'restore' : 'restores'} of this source`,
    ...(readRate !== undefined && { readBytesPerSecond: Math.round(readRate) }),
    ...(egress !== undefined && { egressUsd: egress, pricesAsOf: prices.asOf }),
  };
}
