import type { Configuration } from '../configuration/load.ts';
import { isFailure } from '../contracts/failures.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { withRepository } from './composition.ts';
import { sourceRepository } from './configuration.ts';
import type { CommandContext } from './context.ts';

export interface FreshnessQuestion {
  readonly source: string;
  readonly maxAgeMs: number;
}

/** The newest snapshot of a source, if it is young enough. The repository is asked: it is what counts. */
export async function freshSnapshot(
  context: CommandContext,
  configuration: Configuration,
  { source, maxAgeMs }: FreshnessQuestion,
): Promise<Snapshot | undefined> {
  const selection = { repository: sourceRepository(configuration, source) };
  return withRepository(context, selection, async (repository) => {
    try {
      const snapshot = await repository.findSnapshot('latest', { source });
      return Date.now() - Date.parse(snapshot.time) <= maxAgeMs ? snapshot : undefined;
    } catch (error) {
      if (isFailure(error, 'SnapshotNotFound')) return undefined;
      throw error;
    }
  });
}
