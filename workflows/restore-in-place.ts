import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { RestorePlan } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import type { ReplacedFiles } from '../contracts/inputs.ts';
import type { ReplacedDatabases, RestoreResult } from '../contracts/jobs.ts';
import type { ThawStatus } from '../contracts/thaw.ts';
import { knownFailure } from './failures.ts';
import { lookUp, stepsOn } from './options.ts';
import { restorePlanned } from './restore-files.ts';
import { type RestoreHooks, withRestoreHooks } from './restore-hooks.ts';
import type { RestoreRun } from './restore-run.ts';
import { backUpFirst, confirmWithinMs, keep, keeping } from './safety.ts';
import type { Outcome } from './story.ts';
import { describeWish, requireThawable, thawFirst } from './thaw.ts';

/**
 * Restores files over what is there: look → confirm → thaw → back up what is there → look whether the
 * backup has it all → restore → compare. What goes wrong from the restore on can be undone as long as the way back is
 * kept.
 */
export async function restoreInPlace(restore: RestoreRun): Promise<Outcome<RestoreResult>> {
  const { story, input, source } = restore;
  if (input.target !== undefined || source.kind !== 'files') {
    const problem = input.target === undefined ? 'is for files alone' : 'and target exclude each other';
    throw toApplicationFailure(
      new Failure('InvalidInput', `The input of restore is wrong: inPlace: ${problem}`),
    );
  }
  story.enter('preflight');
  const plan = await stepsOn(source).planRestore({
    source,
    snapshot: input.snapshot ?? 'latest',
    target: '/',
    inPlace: true,
    include: input.include ?? [],
    runId: story.runId,
  });
  story.know({ snapshot: plan.snapshot, note: `Snapshot of ${plan.snapshotTime}, in place` });
  const needed = { snapshot: plan.snapshot, include: input.include ?? [] };
  const frozen = await requireThawable(restore, needed);
  await askFirst(restore, frozen);
  if (frozen !== undefined) await thawFirst(restore, needed);
  const replaces = plan.isThere === false ? [] : plan.include.length > 0 ? plan.include : source.paths;
  const hooked = { story, place: source, target: plan.target, replaces };
  return await withRestoreHooks(hooked, (hooks) => overwrite(restore, plan, hooks));
}

async function overwrite(
  restore: RestoreRun,
  plan: RestorePlan,
  hooks: RestoreHooks,
): Promise<Outcome<RestoreResult>> {
  const { story, input, source } = restore;
  const files = await safetySnapshot(restore, plan);
  await hooks.beforeReplace();
  const changed =
    input.safetyBackup === false
      ? []
      : await stepsOn(source).checkSafety({ plan, ...(files !== undefined && { safety: files }) });
  const kept = files === undefined ? undefined : await keepWayBack(restore, files);
  if (kept !== undefined) hooks.knowRollback(kept.replaced.restore);
  try {
    const { result, status } = await restorePlanned(story, plan);
    const safety = kept === undefined ? {} : { safetySnapshot: kept.snapshot, replaced: kept.replaced };
    const warnings = [...changed, ...result.warnings];
    return { result: { ...result, ...safety, warnings }, status: changed.length > 0 ? 'partial' : status };
  } catch (error) {
    throw withWayBack(error, plan, kept?.replaced);
  }
}

async function askFirst(
  { story, input, source, consent }: RestoreRun,
  frozen: ThawStatus | undefined,
): Promise<void> {
  if (input.confirmed === true) return;
  const name = source.source;
  const next = frozen === undefined ? '' : `; ${describeWish(frozen, input.thaw)}`;
  story.know({
    note: `Waiting for a person: update \`confirm\` with {"target":"${name}"}, or \`reject\`${next}`,
  });
  story.enter('confirm', name);
  await consent.ask({ name, withinMs: confirmWithinMs(input) });
}

/** What cannot be backed up is not overwritten, unless that is wanted. */
async function safetySnapshot(
  { story, input, source }: RestoreRun,
  { isThere, include }: RestorePlan,
): Promise<ReplacedFiles | undefined> {
  if (input.safetyBackup === false || isThere === false) return undefined;
  try {
    const snapshot = await backUpFirst(story, input, source.source);
    // The safety backup is where backups of the source go, wherever this restore reads from.
    const own = input.repository === undefined ? source : await lookUp.resolveSource(source.source);
    return { source: own, snapshot, include };
  } catch (error) {
    const failure = knownFailure(error);
    if (failure === undefined || isCancellation(error)) throw error;
    const message = `What is there could not be backed up, and was left alone: ${failure.message}`;
    const advice = `${failure.advice} Or leave the safety backup out: \`--no-safety-backup\`.`;
    throw toApplicationFailure(new Failure(failure.type, message, { advice }));
  }
}

interface WayBack {
  readonly snapshot: string;
  readonly replaced: ReplacedDatabases;
}

/** Opened before anything is overwritten, so that it is there whatever happens then. */
async function keepWayBack({ story, input, source }: RestoreRun, files: ReplacedFiles): Promise<WayBack> {
  const { restore, until } = keeping(story, input, source.source);
  await CancellationScope.nonCancellable(() => keep({ restore, until, files }));
  return { snapshot: files.snapshot, replaced: { restore, until, databases: [] } };
}

function withWayBack(
  error: unknown,
  { snapshot }: RestorePlan,
  replaced: ReplacedDatabases | undefined,
): unknown {
  const failure = knownFailure(error);
  if (replaced === undefined || failure === undefined || isCancellation(error)) return error;
  const advice = `${failure.advice} \`resguardo rollback ${replaced.restore}\` puts back what was there. To try again, name the snapshot ${snapshot.slice(0, 8)}: the latest is the safety backup now.`;
  return toApplicationFailure(new Failure(failure.type, failure.message, { advice }));
}
