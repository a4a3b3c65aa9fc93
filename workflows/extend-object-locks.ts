import type { LockRenewal } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { LockRenewalResult } from '../contracts/scheduled-jobs.ts';
import { knownFailure } from './failures.ts';
import { lookUp, stepsOn } from './options.ts';
import { runStory } from './story.ts';

/**
 * Locks every object of the repositories with object lock anew, long before the locks end, and proves in each that
 * a locked object cannot be removed. One repository keeps no other from its locks; what failed fails the run.
 */
export async function extendObjectLocks(rawInput: unknown): Promise<LockRenewalResult> {
  return runStory(rawInput, {
    workflow: 'extendObjectLocks',
    schema: scheduledInputSchema,
    subject: () => 'every repository with object lock',
    schedule: ({ schedule }) => schedule,
    body: async (story) => {
      story.mark('run');
      const names = await lookUp.listLockedRepositories();
      const renewed: LockRenewal[] = [];
      const failures: Failure[] = [];
      for (const name of names) {
        const place = await lookUp.resolveRepository(name);
        story.know({ note: `${name}, ${renewed.length + failures.length + 1} of ${names.length}` });
        story.enter('lock');
        try {
          const renewal = await stepsOn(place).renewObjectLocks({ repository: name, at: story.startedAt });
          renewed.push(renewal);
          story.count({ filesDone: renewed.reduce((sum, { objects }) => sum + objects, 0) });
        } catch (error) {
          const failure = knownFailure(error, place.host);
          if (failure === undefined || failure.type === 'Cancelled') throw error;
          failures.push(failure);
        }
      }
      const ending = `${renewed.length} of ${names.length} repositories have new locks.`;
      story.know({ note: ending, ending });
      const [first] = failures;
      if (first !== undefined) {
        const message = failures.map((failure) => failure.message).join(' ');
        throw toApplicationFailure(new Failure(first.type, message, { advice: first.advice }));
      }
      const result = { repositories: renewed, startedAt: story.startedAt, finishedAt: story.now() };
      return { result, status: 'done' };
    },
  });
}
