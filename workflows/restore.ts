import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { restoreInputSchema } from '../contracts/inputs.ts';
import type { RestoreCheck, RestoreResult } from '../contracts/jobs.ts';
import { lookUp, stepsOn } from './options.ts';
import { runStory } from './story.ts';

/**
 * Restores a snapshot of a source into a place that does not exist yet, and compares what came out with what
 * was stored. Nothing is overwritten.
 */
export async function restore(rawInput: unknown): Promise<RestoreResult> {
  return runStory(rawInput, {
    workflow: 'restore',
    schema: restoreInputSchema,
    subject: (input) => input.source,
    body: async (story, input) => {
      story.mark('source');
      const source = await lookUp.resolveSource(input.source);
      const { kind, repository, host } = source;
      story.know({ kind, repository, host });
      story.mark('source');
      const steps = stepsOn(source);

      story.enter('preflight');
      const plan = await steps.planRestore({
        source,
        snapshot: input.snapshot ?? 'latest',
        target: input.target,
        include: input.include ?? [],
        runId: story.runId,
      });

      story.know({ snapshot: plan.snapshot, note: `Snapshot of ${plan.snapshotTime}, into ${plan.target}` });
      story.enter('restore');
      const restored = await steps.restoreSnapshot(plan);
      story.count({ filesDone: restored.files, bytesDone: restored.bytes });

      story.enter('compare');
      const checks = await steps.compareRestored(plan);
      refuseMismatch(checks, input.target);

      const result: RestoreResult = {
        source: source.source,
        snapshot: plan.snapshot,
        target: plan.target,
        ...restored,
        checks,
        startedAt: story.startedAt,
        finishedAt: story.now(),
      };
      return { result, status: restored.warnings.length > 0 ? 'partial' : 'done' };
    },
  });
}

function refuseMismatch(checks: readonly RestoreCheck[], target: string): void {
  const failed = checks.filter(({ passed }) => !passed);
  const [first] = failed;
  if (first === undefined) return;
  const message = `${failed.length} of ${checks.length} checks of ${target} failed, the first of them ${first.subject}: ${first.detail}`;
  throw toApplicationFailure(new Failure('RestoreMismatch', message));
}
