import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { DatabasePlan, DatabasePlanRequest, PlannedDatabase } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import type { RestoreInput } from '../contracts/inputs.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import type { ThawStatus } from '../contracts/thaw.ts';
import { knownFailure } from './failures.ts';
import { lookUp, restoreStepsOn } from './options.ts';
import type { RestoreRun } from './restore-run.ts';
import { confirmWithinMs } from './safety.ts';
import type { Story } from './story.ts';
import { describeWish, requireThawable, thawFirst } from './thaw.ts';

/**
 * Plans a restore of databases, has a person allow what it replaces, and has thawed what it reads. What stands in the
 * way is told, and people are asked, before anything is thawed: that costs money and takes days, in which nobody sits
 * in front of a screen.
 */
export async function agreedPlan(restore: RestoreRun): Promise<DatabasePlan> {
  const plan = await lookAhead(restore);
  const needed = { snapshot: plan.snapshot, include: plan.reads };
  const frozen = await requireThawable(restore, needed);
  await askFirst(restore, plan, frozen);
  if (frozen === undefined) return plan;
  await thawFirst(restore, needed);
  // What was thawed is what is restored, even if a newer one came meanwhile.
  const thawed = { ...restore, input: { ...restore.input, snapshot: plan.snapshot } };
  // Meanwhile the target may have become another.
  const now = await lookAhead(thawed);
  const allowed = replacedBy(plan).map(({ target }) => target);
  if (replacedBy(now).some(({ target }) => !allowed.includes(target))) await askFirst(thawed, now);
  return now;
}

/** What of a plan has the place of something that is there. */
export function replacedBy({ databases }: DatabasePlan): readonly PlannedDatabase[] {
  return databases.filter(({ replaced }) => replaced !== undefined);
}

export function targetsOf({ databases }: DatabasePlan): string {
  return databases.map(({ target }) => target).join(', ');
}

/** Looks, and stops at the first blocker. */
async function lookAhead(restore: RestoreRun): Promise<DatabasePlan> {
  const { story, input, source } = restore;
  story.enter('preflight');
  const request = await planRequest(story, input, source);
  let plan = await planOfReadable(request);
  if (plan === undefined) {
    const snapshot = await thawFirst(restore, { snapshot: request.snapshot, include: [] });
    plan = await restoreStepsOn(request.to).planDatabases({ ...request, snapshot });
  }
  story.know({ snapshot: plan.snapshot, note: `Snapshot of ${plan.snapshotTime}, into ${targetsOf(plan)}` });
  if (plan.blockers.length > 0) {
    throw toApplicationFailure(new Failure('RestoreBlocked', plan.blockers.join(' ')));
  }
  return plan;
}

/** A plan; undefined where even what tells of the dumps is frozen, as in copies that others have made. */
export async function planOfReadable(request: DatabasePlanRequest): Promise<DatabasePlan | undefined> {
  try {
    return await restoreStepsOn(request.to).planDatabases(request);
  } catch (error) {
    if (knownFailure(error)?.type === 'ObjectArchived') return undefined;
    throw error;
  }
}

/** What a plan is asked for with. */
export async function planRequest(
  story: Story,
  input: RestoreInput,
  source: ResolvedSource,
): Promise<DatabasePlanRequest> {
  const { snapshot = 'latest', target, include = [], tables = [], owner, mapRoles } = input;
  if (mapRoles !== undefined && source.kind !== 'postgres') {
    const problem = `mapRoles: is for PostgreSQL alone: the source ${source.source} is of kind ${source.kind}`;
    throw toApplicationFailure(new Failure('InvalidInput', `The input of restore is wrong: ${problem}`));
  }
  return {
    source,
    to: input.to === undefined ? source : await lookUp.resolveSource(input.to),
    snapshot,
    ...(target === undefined ? {} : { target }),
    include,
    tables,
    ...(owner === undefined ? {} : { owner }),
    ...(mapRoles === undefined ? {} : { mapRoles }),
    runId: story.runId,
    startedAt: story.startedAt,
  };
}

/** Waits until a person has allowed what the plan replaces; does nothing when that is nothing. */
async function askFirst(
  { story, input, source, consent }: RestoreRun,
  plan: DatabasePlan,
  frozen?: ThawStatus,
): Promise<void> {
  const replaced = replacedBy(plan);
  if (input.confirmed === true || replaced.length === 0) return;
  const [only] = replaced;
  const name = replaced.length === 1 && only !== undefined ? only.target : source.source;
  const next = frozen === undefined ? '' : `; ${describeWish(frozen, input.thaw)}`;
  story.know({
    note: `Waiting for a person: update \`confirm\` with {"target":"${name}"}, or \`reject\`${next}`,
  });
  story.enter('confirm', name);
  await consent.ask({ name, withinMs: confirmWithinMs(input) });
}
