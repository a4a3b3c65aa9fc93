import type { DatabasePlan } from '../contracts/database-restore.ts';
import { type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import { databaseKinds } from '../contracts/jobs.ts';
import { planOfReadable, planRequest } from './agreed-plan.ts';
import { resolvedSource } from './restore.ts';
import { runStory } from './story.ts';
import { lookAtThaw, mayNeedThaw } from './thaw.ts';

/**
 * Tells what a restore would do and what stands in its way. Nothing is changed, and nothing is thawed: what is frozen,
 * and what that takes, is told beside the rest; it is all that is told where what tells of the dumps is frozen too.
 */
export async function planRestore(rawInput: unknown): Promise<DatabasePlan> {
  return runStory<RestoreInput, DatabasePlan>(rawInput, {
    workflow: 'planRestore',
    schema: restoreInputSchema,
    subject: (input) => input.source,
    body: async (story, input) => {
      story.mark('source');
      const source = await resolvedSource(input);
      const { kind, repository, host } = source;
      story.know({ kind, repository, host });
      story.mark('source');
      story.enter('preflight');
      const restore = { story, input, source };
      const request = await planRequest(story, input, source);
      const isFiles = !databaseKinds.includes(kind);
      const plan = isFiles && mayNeedThaw(restore) ? undefined : await planOfReadable(request);
      if (plan === undefined) {
        const thaw = await lookAtThaw(restore, {
          snapshot: request.snapshot,
          include: isFiles ? request.include : [],
        });
        const { snapshot, snapshotTime } = thaw;
        const unknown = { tree: '', server: '', databases: [], reads: [], blockers: [], warnings: [] };
        return { result: { ...request, ...unknown, snapshot, snapshotTime, thaw }, status: 'done' };
      }
      story.know({ snapshot: plan.snapshot });
      if (!mayNeedThaw(restore)) return { result: plan, status: 'done' };
      const thaw = await lookAtThaw(restore, { snapshot: plan.snapshot, include: plan.reads });
      return { result: { ...plan, thaw }, status: 'done' };
    },
  });
}
