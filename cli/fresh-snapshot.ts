import type { Configuration } from '../configuration/load.ts';
import { isFailure } from '../contracts/failures.ts';
import { clockToleranceMs } from '../policy/placed-snapshot.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import { withRepository } from './composition.ts';
import { sourceRepository } from './configuration.ts';
import type { CommandContext } from './context.ts';

export interface FreshnessQuestion {
  readonly source: string;
  readonly maxAgeMs: number;
}

/**
 * The newest snapshot of a source, if it is young enough. The repository is asked: it is what counts. One that is
 * dated in the future tells of a wrong clock and nothing of its age: it is warned of, and the others are looked at.
 */
export async function freshSnapshot(
  context: CommandContext,
  configuration: Configuration,
  { source, maxAgeMs }: FreshnessQuestion,
): Promise<Snapshot | undefined> {
  const selection = { repository: sourceRepository(configuration, source) };
  return withRepository(context, selection, async (repository) => {
    try {
      const nowMs = Date.now();
      const newest = await repository.findSnapshot('latest', { source });
      const untilMs = nowMs + clockToleranceMs;
      const isFuture = Date.parse(newest.time) > untilMs;
      if (isFuture) context.output.note(warningOf(newest, source));
      const snapshot = isFuture ? await repository.findSnapshot('latest', { source, untilMs }) : newest;
      return nowMs - Date.parse(snapshot.time) <= maxAgeMs ? snapshot : undefined;
    } catch (error) {
      if (isFailure(error, 'SnapshotNotFound')) return undefined;
      throw error;
    }
  });
}

function warningOf({ id, time }: Snapshot, source: string): string {
  return `warning: the newest snapshot of ${source}, ${id.slice(0, 8)}, is dated in the future (${time}) and does not count as fresh: look at the clocks of this host and of the one that wrote it`;
}
