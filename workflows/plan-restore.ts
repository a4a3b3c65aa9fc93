import type { DatabasePlan } from '../contracts/database-restore.ts';
import { restoreInputSchema } from '../contracts/inputs.ts';
import { lookUp, restoreStepsOn } from './options.ts';
import { planRequest } from './restore-databases.ts';
import { runStory } from './story.ts';

/** Tells what a restore of databases would do and what stands in its way. Nothing is changed. */
export async function planRestore(rawInput: unknown): Promise<DatabasePlan> {
  return runStory(rawInput, {
    workflow: 'planRestore',
    schema: restoreInputSchema,
    subject: (input) => input.source,
    body: async (story, input) => {
      story.mark('source');
      const source = await lookUp.resolveSource(input.source);
      const { kind, repository, host } = source;
      story.know({ kind, repository, host });
      story.mark('source');
      story.enter('preflight');
      const request = await planRequest(story, input, source);
      const result = await restoreStepsOn(request.to).planDatabases(request);
      story.know({ snapshot: result.snapshot });
      return { result, status: 'done' };
    },
  });
}
