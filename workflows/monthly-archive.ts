import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { FleetResult } from '../contracts/scheduled-jobs.ts';
import { fleetOutcome, runForRepositories } from './every-repository.ts';
import { fleetLimits, lookUp } from './options.ts';
import { archivePatienceMs } from './patience.ts';
import { startReplication } from './replicate.ts';
import { runStory } from './story.ts';

/**
 * Copies the newest snapshot of each source into every archive, each archive in a run of its own. What is there already
 * is not copied again, so a run that is made up for, or started by hand in between, costs nothing.
 */
export async function monthlyArchive(rawInput: unknown): Promise<FleetResult> {
  return runStory(rawInput, {
    workflow: 'monthlyArchive',
    schema: scheduledInputSchema,
    subject: () => 'every archive',
    schedule: ({ schedule }) => schedule,
    body: async (story, { schedule }) => {
      story.mark('run');
      const tally = await runForRepositories(story, {
        list: () => lookUp.listArchives(),
        limits: fleetLimits.replications,
        patienceMs: archivePatienceMs,
        run: async (repository) => {
          const child = await startReplication({
            repository,
            ...(schedule === undefined ? {} : { schedule }),
          });
          await child.result();
          return 'done';
        },
      });
      return fleetOutcome(story, tally);
    },
  });
}
