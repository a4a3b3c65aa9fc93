import { type PlanOptions, planPrune } from '../../../repository/prune/plan.ts';
import { executePrune, type PruneOptions, type PruneResult } from '../../../repository/prune/prune.ts';
import type { Repository } from '../../../repository/repository.ts';
import { noSignal } from '../test-repository.ts';

const smallPackBytes = 64 * 1024;

/** Prunes under an exclusive lock, down to no unused byte where the limits are not given. */
export async function pruneAll(
  repository: Repository,
  options: Partial<PlanOptions & PruneOptions> = {},
): Promise<PruneResult> {
  const lock = await repository.lock({ exclusive: true });
  try {
    const signal = AbortSignal.any([lock.lost, options.signal ?? noSignal]);
    const packSizeBytes = options.packSizeBytes ?? smallPackBytes;
    const limits = { maxUnusedBytes: () => 0, maxRepackBytes: Number.POSITIVE_INFINITY, packSizeBytes };
    const { failpoint } = options;
    const plan = await planPrune(repository, { ...limits, ...options, signal });
    return await executePrune(repository, plan, { packSizeBytes, signal, ...(failpoint && { failpoint }) });
  } finally {
    await lock.release();
  }
}
