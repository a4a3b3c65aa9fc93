import type { RestorePlan } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import type { RestoreInput } from '../contracts/inputs.ts';
import type { ResolvedSource, RestoreCheck, RestoreResult } from '../contracts/jobs.ts';
import { stepsOn } from './options.ts';
import { withRestoreHooks } from './restore-hooks.ts';
import type { RestoreRun } from './restore-run.ts';
import type { Outcome, Story } from './story.ts';
import { mayNeedThaw, thawFirst } from './thaw.ts';

const databaseFields = ['tables', 'to', 'owner', 'mapRoles'] as const;

/** Restores what is no database into a place that does not exist yet. Nothing is overwritten. */
export async function restoreFiles(restore: RestoreRun): Promise<Outcome<RestoreResult>> {
  const { story, input, source } = restore;
  const target = checkedTarget(input, source);
  const steps = stepsOn(source);

  story.enter('preflight');
  const { snapshot = 'latest', include = [] } = input;
  const plan = await steps.planRestore({
    source,
    snapshot,
    target,
    include,
    runId: story.runId,
  });

  story.know({ snapshot: plan.snapshot, note: `Snapshot of ${plan.snapshotTime}, into ${plan.target}` });
  if (mayNeedThaw(restore)) await thawFirst(restore, { snapshot: plan.snapshot, include });
  const hooked = { story, place: source, target: plan.target, replaces: [] };
  return await withRestoreHooks(hooked, () => restorePlanned(story, plan));
}

/** Restores what the plan says, and compares. */
export async function restorePlanned(story: Story, plan: RestorePlan): Promise<Outcome<RestoreResult>> {
  const { source } = plan;
  const steps = stepsOn(source);
  story.enter('restore');
  const restored = await steps.restoreSnapshot(plan);
  story.count({ filesDone: restored.files, bytesDone: restored.bytes });

  story.enter('compare');
  const checks = await steps.compareRestored(plan);
  const mismatch = mismatchIn(checks, plan.target);
  if (mismatch !== undefined) throw toApplicationFailure(mismatch);

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
}

function checkedTarget(input: RestoreInput, { source, kind }: ResolvedSource): string {
  const wrong = databaseFields.find((field) => input[field] !== undefined);
  const problem =
    wrong === undefined ? 'target: is needed' : `${wrong}: only a restore of databases knows it`;
  if (wrong === undefined && input.target !== undefined) return input.target;
  const message = `The input of restore is wrong: ${problem}: the source ${source} is of kind ${kind}`;
  throw toApplicationFailure(new Failure('InvalidInput', message));
}

/** What failed checks mean, or undefined when all have passed. */
export function mismatchIn(checks: readonly RestoreCheck[], target: string): Failure | undefined {
  const failed = checks.filter(({ passed }) => !passed);
  const [first] = failed;
  if (first === undefined) return undefined;
  const message = `${failed.length} of ${checks.length} checks of ${target} failed, the first of them ${first.subject}: ${first.detail}`;
  return new Failure('RestoreMismatch', message);
}
