import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { ReportRunResult } from '../contracts/scheduled-jobs.ts';
import { home } from './inspections.ts';
import { stepsOn } from './options.ts';
import { runStory } from './story.ts';

/** Writes the report of the backups of the last day into the state folder. */
export async function analyticsReport(rawInput: unknown): Promise<ReportRunResult> {
  return await runStory(rawInput, {
    workflow: 'analyticsReport',
    schema: scheduledInputSchema,
    subject: () => 'the backups',
    schedule: ({ schedule }) => schedule,
    body: async (story) => {
      const steps = stepsOn(await home(story));
      story.enter('report');
      const written = await steps.writeReport({ at: story.now() });
      story.know({ note: `${written.summary} ${written.files[0] ?? ''}` });
      const result = { ...written, startedAt: story.startedAt, finishedAt: story.now() };
      return { result, status: 'done' };
    },
  });
}
