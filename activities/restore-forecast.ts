import type { DatabasePlan, RestoreForecast } from '../contracts/database-restore.ts';
import { forecastRestore } from '../policy/restore-forecast.ts';
import type { Repository } from '../repository/repository.ts';
import { walkTree } from '../repository/tree/walk.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** As much of the dump is read to know how fast it comes. */
const sampleBytes = 33_554_432;

/** Foretells a planned restore: by how fast the repository gives data now, and by earlier restores. */
export async function forecast(
  { history, prices }: Pick<ActivityDependencies, 'history' | 'prices'>,
  repository: Repository,
  { plan, signal }: { readonly plan: DatabasePlan; readonly signal: AbortSignal },
): Promise<RestoreForecast> {
  const { source, repository: place, mayBeFrozen = false } = plan.source;
  const stored = await storedSize(repository, plan.tree, signal);
  const loadBytes = plan.databases.reduce((sum, { bytes }) => sum + bytes, 0);
  return forecastRestore({
    loadBytes,
    storedBytes: Math.round(stored.rawBytes > 0 ? (loadBytes * stored.bytes) / stored.rawBytes : 0),
    // A sample might be frozen, and what earlier restores took was mostly waiting.
    readRate: mayBeFrozen ? undefined : await readRate(repository, stored.sample, signal),
    past: mayBeFrozen ? [] : await history.restores(source, place),
    location: repository.store.location,
    prices: await prices(),
  });
}

interface StoredSize {
  readonly bytes: number;
  readonly rawBytes: number;
  /** Blobs to read for the measurement. */
  readonly sample: readonly string[];
}

async function storedSize(repository: Repository, tree: string, signal: AbortSignal): Promise<StoredSize> {
  let [bytes, rawBytes] = [0, 0];
  const sample: string[] = [];
  for await (const { node } of walkTree(repository, tree, signal)) {
    for (const id of node.content ?? []) {
      const [place] = repository.index.locate('data', id);
      if (place === undefined) continue;
      if (rawBytes < sampleBytes) sample.push(id);
      bytes += place.length;
      rawBytes += place.uncompressedLength ?? place.length;
    }
  }
  return { bytes, rawBytes, sample };
}

/** Bytes each second, or undefined when there is too little to tell. */
async function readRate(
  repository: Repository,
  sample: readonly string[],
  signal: AbortSignal,
): Promise<number | undefined> {
  const start = performance.now();
  const sizes = await Promise.all(
    sample.map(async (id) => (await repository.loadBlob('data', id, signal)).length),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return bytes < sampleBytes / 8 ? undefined : (bytes * 1000) / (performance.now() - start);
}
