import type { DatabasePlan } from '../contracts/database-restore.ts';
import { type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import { restoreStepsOn } from './options.ts';
import { databaseKinds, resolvedSource } from './restore.ts';
import { planRequest } from './restore-databases.ts';
import { runStory } from './story.ts';
import { lookAtThaw } from './thaw.ts';

/**
 * Tells what a restore would do and what stands in its way. Nothing is changed, and nothing is thawed: what is frozen,
 * and what that takes, is all that is told of a snapshot then.
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
      const isFiles = !databaseKinds.includes(kind);
      const include = isFiles ? (input.include ?? []) : [];
      const thaw = await lookAtThaw({ story, input, source, include });
      const request = await planRequest(story, input, source);
      if (thaw !== undefined && (isFiles || thaw.frozen.packs + thaw.thawing.packs > 0)) {
        const { snapshot, snapshotTime } = thaw;
        const unknown = { tree: '', server: '', databases: [], blockers: [], warnings: [] };
        return { result: { ...request, ...unknown, snapshot, snapshotTime, thaw }, status: 'done' };
      }
      const result = await restoreStepsOn(request.to).planDatabases(request);
      story.know({ snapshot: result.snapshot });
      return { result: { ...result, ...(thaw !== undefined && { thaw }) }, status: 'done' };
    },
  });
}
