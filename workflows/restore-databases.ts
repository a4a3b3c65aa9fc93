import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { DatabasePlan, PlannedDatabase, TableName } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import type { ReplacedDatabases, RestoreCheck, RestoreResult, Warning } from '../contracts/jobs.ts';
import { agreedPlan, replacedBy, targetsOf } from './agreed-plan.ts';
import { knownFailure } from './failures.ts';
import { restoreStepsOn } from './options.ts';
import { mismatchIn } from './restore-files.ts';
import { type RestoreHooks, withRestoreHooks } from './restore-hooks.ts';
import type { RestoreRun } from './restore-run.ts';
import { backUpFirst, keep, keeping } from './safety.ts';
import type { Outcome, Story } from './story.ts';

/**
 * The saga: look → confirm → thaw → back up what is there → restore beside it → check → swap → keep the old one. Until
 * the swap nothing that existed is touched; whatever stops the run before it drops what was made. The swap
 * happens as a whole or not at all, and can be undone until what was replaced is removed.
 */
export async function restoreDatabases(restore: RestoreRun): Promise<Outcome<RestoreResult>> {
  const plan = await agreedPlan(restore);
  const replaced = replacedBy(plan);
  const hooked = {
    story: restore.story,
    place: plan.to,
    target: targetsOf(plan),
    replaces: replaced.map(({ target }) => target),
  };
  return await withRestoreHooks(hooked, (hooks) => loadAndSwap(restore, { plan, replaced, hooks }));
}

interface Confirmed {
  readonly plan: DatabasePlan;
  readonly replaced: readonly PlannedDatabase[];
  readonly hooks: RestoreHooks;
}

async function loadAndSwap(
  restore: RestoreRun,
  { plan, replaced, hooks }: Confirmed,
): Promise<Outcome<RestoreResult>> {
  const { story, input, source } = restore;
  const safetySnapshot =
    replaced.length > 0 && input.safetyBackup !== false
      ? await backUpFirst(story, input, plan.to.source)
      : undefined;
  const kept = replaced.length > 0 ? keptUntil(restore, replaced) : undefined;

  const loaded = await beforeSwap(plan, async () => {
    const ready = await loadAndCheck(story, plan);
    await undoing(plan, () => hooks.beforeReplace());
    return ready;
  });
  story.enter('swap');
  // Once begun it is seen through: a cancelled run must know what it leaves.
  await CancellationScope.nonCancellable(async () => {
    await undoing(plan, () => restoreStepsOn(plan.to).swapDatabases(plan));
    if (kept !== undefined) await keep({ ...kept, plan });
  });
  if (kept !== undefined) hooks.knowRollback(kept.restore);

  const warnings = [...plan.warnings, ...loaded.warnings];
  const result: RestoreResult = {
    source: source.source,
    snapshot: plan.snapshot,
    target: targetsOf(plan),
    files: plan.databases.length,
    bytes: loaded.bytes,
    checks: loaded.checks,
    warnings,
    ...(safetySnapshot === undefined ? {} : { safetySnapshot }),
    ...(kept === undefined ? {} : { replaced: kept }),
    startedAt: story.startedAt,
    finishedAt: story.now(),
  };
  return { result, status: warnings.length > 0 ? 'partial' : 'done' };
}

/** What fails here has replaced nothing: that is what people ask first. */
async function beforeSwap<T>({ to, databases }: DatabasePlan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = knownFailure(error, to.host);
    const replacesNothing = databases.every(({ replaced }) => replaced === undefined);
    if (replacesNothing || failure === undefined || isCancellation(error)) throw error;
    const message = `${failure.message.replace(/\.$/, '')}. Nothing was replaced`;
    throw toApplicationFailure(new Failure(failure.type, message, { advice: failure.advice }));
  }
}

interface Loaded {
  readonly bytes: number;
  readonly checks: readonly RestoreCheck[];
  readonly warnings: readonly Warning[];
}

/** Restores every database of the plan beside its target. Of a failed one nothing stays, except for looking into. */
async function loadAndCheck(story: Story, plan: DatabasePlan): Promise<Loaded> {
  let bytes = 0;
  const checks: RestoreCheck[] = [];
  const warnings: Warning[] = [];
  await undoing(plan, async () => {
    for (const [index, database] of plan.databases.entries()) {
      const one = await loadOne(story, plan, database);
      bytes += one.bytes;
      warnings.push(...one.warnings);
      story.count({ filesDone: index + 1, bytesDone: bytes });
      const named = one.checks.map((check) => ({
        ...check,
        subject: `${database.target}: ${check.subject}`,
      }));
      checks.push(...(plan.databases.length === 1 ? one.checks : named));
    }
  });
  const mismatch = mismatchIn(checks, targetsOf(plan));
  if (mismatch === undefined) return { bytes, checks, warnings };
  const places = plan.databases.map(({ beside }) => `"${beside}"`).join(', ');
  throw toApplicationFailure(
    new Failure('RestoreMismatch', mismatch.message, {
      advice: `The restored copy is kept as ${places}: look into it, then drop it. Check the repository with \`resguardo verify --read-data\`.`,
    }),
  );
}

async function loadOne(story: Story, plan: DatabasePlan, database: PlannedDatabase): Promise<Loaded> {
  const steps = restoreStepsOn(plan.to);
  const warnings: Warning[] = [];
  let bytes = 0;
  story.enter('restore');
  await steps.prepareDatabase({ plan, database });
  for (const section of database.sections) {
    const loaded = await steps.loadSection({ plan, database, section });
    bytes += loaded.bytes;
    warnings.push(...loaded.warnings);
  }
  warnings.push(...(await steps.finishDatabase({ plan, database })));
  story.enter('compare');
  return { bytes, warnings, checks: await steps.compareDatabase({ plan, database }) };
}

/** Drops what was made beside the targets when the work fails or is cancelled. */
async function undoing<T>(plan: DatabasePlan, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      try {
        await restoreStepsOn(plan.to).discardDatabases(plan);
      } catch (failure) {
        const names = plan.databases.map(({ beside }) => beside);
        log.error('What a restore has made could not be dropped', { names, error: failure });
      }
    });
    throw error;
  }
}

function keptUntil(
  { story, input, source }: RestoreRun,
  replaced: readonly PlannedDatabase[],
): ReplacedDatabases {
  const databases = replaced.map(({ target, replaced: keptAs = '', tables }) => ({
    target: tables === undefined ? target : `${target}: ${namesOf(tables.chosen)}`,
    keptAs: tables === undefined ? keptAs : `schema ${keptAs}`,
  }));
  return { ...keeping(story, input, source.source), databases };
}

/** Tables as people name them. */
function namesOf(tables: readonly TableName[]): string {
  const [first, ...others] = tables.map(({ schema, name }) => `${schema}.${name}`);
  return others.length > 2 ? `${first} and ${others.length} more tables` : [first, ...others].join(', ');
}
