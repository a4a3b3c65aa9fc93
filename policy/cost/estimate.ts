import type { ClassPrice, ProviderPrices } from './prices.ts';
import { cents } from './thaw.ts';

/** An object as far as its price depends on it. */
export interface PricedObject {
  readonly kind: string;
  readonly sizeBytes: number;
  readonly storageClass?: string | undefined;
  readonly writtenAt?: Date | undefined;
}

/** Objects of one kind in one class. */
export interface CostLine {
  readonly kind: string;
  readonly storageClass: string;
  readonly objects: number;
  readonly bytes: number;
  /** Undefined when the list has no price of the class. */
  readonly monthlyUsd: number | undefined;
}

export interface StorageCost {
  readonly lines: readonly CostLine[];
  readonly bytes: number;
  readonly monthlyUsd: number;
  /** What the rest of the least billed time costs, if everything were removed now. */
  readonly earlyDeletionUsd: number;
  /** Objects that were written in the last 30 days, and what their requests have cost. */
  readonly written: { readonly objects: number; readonly requestsUsd: number };
}

const dayMs = 86_400_000;
/** Providers bill months of some 730 hours; a thirtieth of one for each day is their own rule for early deletion. */
const monthDays = 30;

interface Sum {
  objects: number;
  bytes: number;
  billedBytes: number;
  writtenObjects: number;
  /** Billed bytes times the days that are left of the least time. */
  byteDaysLeft: number;
}

/** What storing objects costs, by kind and class. Objects are added one by one, so that none need be kept. */
export class StorageCostSum {
  readonly #provider: ProviderPrices;
  readonly #nowMs: number;
  readonly #sums = new Map<string, Map<string, Sum>>();

  constructor(provider: ProviderPrices, now: Date) {
    this.#provider = provider;
    this.#nowMs = now.getTime();
  }

  add({ kind, sizeBytes, storageClass, writtenAt }: PricedObject): void {
    const name = storageClass ?? this.#provider.defaultClass;
    const price = this.#provider.classes[name];
    const billed = Math.max(sizeBytes, price?.leastObjectBytes ?? 0) + (price?.overheadBytes ?? 0);
    const ageDays = writtenAt === undefined ? undefined : (this.#nowMs - writtenAt.getTime()) / dayMs;
    const sum = this.#sumOf(kind, name);
    sum.objects += 1;
    sum.bytes += sizeBytes;
    sum.billedBytes += billed;
    if (ageDays === undefined) return;
    if (ageDays <= monthDays) sum.writtenObjects += 1;
    sum.byteDaysLeft += billed * Math.max(0, (price?.leastDays ?? 0) - ageDays);
  }

  /** In the order in which kinds came. */
  total(): StorageCost {
    const lines: CostLine[] = [];
    const total = { bytes: 0, monthly: 0, early: 0, objects: 0, requests: 0 };
    for (const [kind, classes] of this.#sums) {
      for (const [storageClass, sum] of classes) {
        const price = this.#provider.classes[storageClass];
        const monthly = price && this.#gigabytes(sum.billedBytes) * price.storagePerGbMonth;
        const { objects, bytes } = sum;
        const monthlyUsd = monthly === undefined ? undefined : cents(monthly);
        lines.push({ kind, storageClass, objects, bytes, monthlyUsd });
        total.bytes += bytes;
        total.monthly += monthly ?? 0;
        total.early += (this.#gigabytes(sum.byteDaysLeft) / monthDays) * (price?.storagePerGbMonth ?? 0);
        total.objects += sum.writtenObjects;
        total.requests += (sum.writtenObjects / 1000) * (price?.putPer1000 ?? 0);
      }
    }
    return {
      lines,
      bytes: total.bytes,
      monthlyUsd: cents(total.monthly),
      earlyDeletionUsd: cents(total.early),
      written: { objects: total.objects, requestsUsd: cents(total.requests) },
    };
  }

  #sumOf(kind: string, storageClass: string): Sum {
    const classes = this.#sums.get(kind) ?? new Map<string, Sum>();
    this.#sums.set(kind, classes);
    const sum = classes.get(storageClass) ?? {
      objects: 0,
      bytes: 0,
      billedBytes: 0,
      writtenObjects: 0,
      byteDaysLeft: 0,
    };
    classes.set(storageClass, sum);
    return sum;
  }

  #gigabytes(bytes: number): number {
    return bytes / this.#provider.gbBytes;
  }
}

/** What it costs to read all of these objects once, from where the provider has them to where we are. */
export interface ReadCost {
  readonly objects: number;
  readonly bytes: number;
  /** Requests, and what reading from the classes costs. Thawing is apart. */
  readonly retrievalUsd: number;
  readonly egressUsd: number;
}

/**
 * @param lines of the objects that are read
 * @param storedBytes all that lies there: some providers let a multiple of it leave for nothing
 */
export function readCost(
  provider: ProviderPrices,
  lines: readonly Pick<CostLine, 'storageClass' | 'objects' | 'bytes'>[],
  storedBytes: number,
): ReadCost {
  const objects = lines.reduce((sum, line) => sum + line.objects, 0);
  const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
  const retrieval = lines.reduce((sum, line) => {
    const price: ClassPrice | undefined = provider.classes[line.storageClass];
    const perGb = (line.bytes / provider.gbBytes) * (price?.retrievalPerGb ?? 0);
    return sum + perGb + (line.objects / 1000) * (price?.getPer1000 ?? 0);
  }, 0);
  const free = Math.max(provider.freeEgressBytes ?? 0, (provider.freeEgressRatio ?? 0) * storedBytes);
  const egress = (Math.max(0, bytes - free) / provider.gbBytes) * provider.egressPerGb;
  return { objects, bytes, retrievalUsd: cents(retrieval), egressUsd: cents(egress) };
}
