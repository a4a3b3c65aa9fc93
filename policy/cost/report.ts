import type { ThawWay } from '../../contracts/thaw.ts';
import { type PricedObject, type ReadCost, readCost, type StorageCost, StorageCostSum } from './estimate.ts';
import { type AddedBytes, forecastGrowth, type GrowthForecast } from './forecast.ts';
import type { PriceList, ProviderPrices } from './prices.ts';
import { thawWaysAt } from './thaw.ts';

/** What a repository costs where it lies, or would cost elsewhere. US dollars at list prices. */
export interface CostReport {
  /** Key of the provider in the price list. */
  readonly provider: string;
  readonly name: string;
  readonly pricesOf: string;
  readonly pricesAsOf: string;
  readonly source: string;
  readonly storage: StorageCost;
  /** The same with the packs with data in each class of the provider. */
  readonly classes: readonly ClassCost[];
  /** Reading every pack once, and what thawing takes before. */
  readonly restore: ReadCost & { readonly thaw: readonly ThawWay[] };
  readonly forecast?: GrowthForecast;
}

export interface ClassCost {
  readonly storageClass: string;
  readonly monthlyUsd: number;
  /** Of reading every pack once, without thawing and the way out. */
  readonly retrievalUsd: number;
  readonly leastDays: number;
  readonly mustThaw: boolean;
}

export interface CostQuestion {
  readonly prices: PriceList;
  readonly provider: string;
  /** Class that packs with data are taken to lie in. */
  readonly storageClass?: string | undefined;
  readonly now: Date;
  readonly added: readonly AddedBytes[];
  readonly keptDays?: number | undefined;
  readonly months: number;
}

/** Sums up the objects of a repository, one by one. */
export class CostReporter {
  readonly #question: CostQuestion;
  readonly #provider: ProviderPrices;
  readonly #now: StorageCostSum;
  readonly #elsewhere: ReadonlyMap<string, StorageCostSum>;

  /** @param question must name a provider of the list */
  constructor(question: CostQuestion) {
    const provider = question.prices.providers[question.provider];
    if (provider === undefined) throw new RangeError(`the list has no ${question.provider}`);
    this.#question = question;
    this.#provider = provider;
    this.#now = new StorageCostSum(provider, question.now);
    const names = Object.keys(provider.classes);
    this.#elsewhere = new Map(names.map((name) => [name, new StorageCostSum(provider, question.now)]));
  }

  add(object: PricedObject): void {
    const isData = object.kind === 'data';
    // A class of another service says nothing here.
    const known =
      this.#provider.classes[object.storageClass ?? ''] === undefined ? undefined : object.storageClass;
    const own = { ...object, storageClass: known };
    const { storageClass } = this.#question;
    this.#now.add(isData && storageClass !== undefined ? { ...object, storageClass } : own);
    for (const [name, sum] of this.#elsewhere) sum.add(isData ? { ...object, storageClass: name } : own);
  }

  report(): CostReport {
    const { prices, provider: key, now, added, keptDays, months } = this.#question;
    const provider = this.#provider;
    const storage = this.#now.total();
    const packs = packsOf(storage);
    const frozen = packs
      .filter(({ storageClass }) => provider.classes[storageClass]?.thaw !== undefined)
      .map(({ storageClass, objects, bytes }) => ({ storageClass, packs: objects, bytes }));
    const { bytes, monthlyUsd } = storage;
    const forecast = forecastGrowth({ now, bytes, monthlyUsd, added, keptDays, months });
    return {
      provider: key,
      name: provider.name,
      pricesOf: provider.of,
      pricesAsOf: prices.asOf,
      source: provider.source,
      storage,
      classes: [...this.#elsewhere].map(([name, sum]) => this.#classCost(name, sum.total())),
      restore: {
        ...readCost(provider, packs, bytes),
        thaw: thawWaysAt(provider, frozen),
      },
      ...(forecast !== undefined && { forecast }),
    };
  }

  #classCost(storageClass: string, storage: StorageCost): ClassCost {
    const price = this.#provider.classes[storageClass];
    return {
      storageClass,
      monthlyUsd: storage.monthlyUsd,
      retrievalUsd: readCost(this.#provider, packsOf(storage), storage.bytes).retrievalUsd,
      leastDays: price?.leastDays ?? 0,
      mustThaw: price?.thaw !== undefined,
    };
  }
}

function packsOf({ lines }: StorageCost) {
  return lines.filter(({ kind }) => kind === 'data' || kind === 'trees');
}
