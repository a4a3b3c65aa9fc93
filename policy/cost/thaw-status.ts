import type { PackSum, ThawStatus } from '../../contracts/thaw.ts';
import { listPrices, type PriceList } from './prices.ts';
import { type ClassSum, egressUsd, thawWays } from './thaw.ts';

interface Pack {
  readonly sizeBytes: number;
  readonly storageClass?: string;
}

/** What is needed of a repository, and what of it cannot be read yet, for people. */
export function describeThaw(
  location: string,
  { packs, blobBytes }: { readonly packs: readonly Pack[]; readonly blobBytes: number },
  { frozen, thawing }: { readonly frozen: readonly Pack[]; readonly thawing: readonly Pack[] },
  prices: PriceList = listPrices,
): Omit<ThawStatus, 'snapshot' | 'snapshotTime'> {
  const egress = egressUsd(location, blobBytes, prices);
  return {
    needed: sumOf(packs),
    bytesToRead: blobBytes,
    frozen: sumOf(frozen),
    thawing: sumOf(thawing),
    classes: classesOf([...frozen, ...thawing]),
    ways: thawWays(location, classesOf(frozen), prices),
    ...(egress !== undefined && { egressUsd: egress, pricesAsOf: prices.asOf }),
  };
}

function sumOf(packs: readonly Pack[]): PackSum {
  return { packs: packs.length, bytes: packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

function classesOf(packs: readonly Pack[]): readonly ClassSum[] {
  const groups = Map.groupBy(packs, ({ storageClass = '' }) => storageClass);
  return [...groups].map(([storageClass, group]) => ({ storageClass, ...sumOf(group) }));
}
