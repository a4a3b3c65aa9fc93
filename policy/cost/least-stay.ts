import { listPrices, type PriceList, providerOf } from './prices.ts';

const dayMs = 86_400_000;

/**
 * How long objects of a class are billed at least where a store lies, in ms: who removes them earlier pays all the same.
 * @param location address of the store
 */
export function leastStayMs(
  location: string,
  prices: PriceList = listPrices,
): (storageClass: string | undefined) => number {
  const provider = prices.providers[providerOf(location, prices) ?? ''];
  return (storageClass) => {
    const price = provider?.classes[storageClass ?? provider.defaultClass];
    return (price?.leastDays ?? 0) * dayMs;
  };
}
