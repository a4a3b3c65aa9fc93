import { type PackSum, type ThawWay, thawSpeeds } from '../../contracts/thaw.ts';
import { listPrices, type PriceList, type ProviderPrices, providerOf } from './prices.ts';

/** Objects of one class that are to be read. */
export interface ClassSum extends PackSum {
  readonly storageClass: string;
}

/**
 * How objects can be thawed: how long each way takes, and what it costs at list prices.
 * @param location address of the store; the prices of Amazon are not those of a server that speaks like it
 */
export function thawWays(
  location: string,
  classes: readonly ClassSum[],
  prices: PriceList = listPrices,
): readonly ThawWay[] {
  if (classes.length === 0) return [];
  const key = providerOf(location, prices);
  const known = key === undefined ? undefined : prices.providers[key];
  // Whoever speaks like S3 and has its archive classes has its tiers, too.
  const provider = known ?? prices.providers.aws;
  if (provider === undefined) return [];
  const ways = thawWaysAt(provider, classes);
  return known === undefined ? ways.map(({ speed, hours }) => ({ speed, hours })) : ways;
}

/** The same where the provider is known. */
export function thawWaysAt(provider: ProviderPrices, classes: readonly ClassSum[]): readonly ThawWay[] {
  if (classes.length === 0) return [];
  return thawSpeeds.flatMap((speed) => {
    const found = classes.map((sum) => ({ sum, price: provider.classes[sum.storageClass]?.thaw?.[speed] }));
    let [from, to, cost] = [0, 0, 0];
    for (const { sum, price } of found) {
      if (price === undefined) return [];
      [from, to] = [Math.max(from, price.hours[0]), Math.max(to, price.hours[1])];
      cost += (sum.bytes / provider.gbBytes) * price.perGb + (sum.packs / 1000) * price.per1000;
    }
    return [{ speed, hours: [from, to] as const, costUsd: cents(cost) }];
  });
}

/** What it costs to have so many bytes leave the provider; undefined where it is not known. */
export function egressUsd(
  location: string,
  bytes: number,
  prices: PriceList = listPrices,
): number | undefined {
  const key = providerOf(location, prices);
  const provider: ProviderPrices | undefined = key === undefined ? undefined : prices.providers[key];
  return provider && cents((bytes / provider.gbBytes) * provider.egressPerGb);
}

/** Rounded up, so that nothing looks free that is not. */
export function cents(dollars: number): number {
  return Math.max(0, Math.ceil(dollars * 100 - 1e-9)) / 100;
}
