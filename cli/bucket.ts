import { type AppliedStep, type Bucket, type BucketPlan, describeBucketStep } from './composition.ts';
import type { CommandContext } from './context.ts';
import { confirmByHand } from './prompt.ts';

/** What was found of a bucket, and done to it. */
export interface BucketReport {
  readonly bucket: string;
  readonly plan: BucketPlan;
  /** Undefined for a plan alone. */
  readonly applied?: readonly AppliedStep[];
}

export interface BucketSetUp {
  readonly objectLock?: boolean;
  readonly versionDays?: number;
  /** Tells what would be done, and does nothing. */
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/**
 * Shows what a bucket lacks, and sets it after a yes. Rules of others are named and left alone.
 * @throws {Failure} as the store; Cancelled
 */
export async function setUpBucket(
  context: CommandContext,
  bucket: Bucket,
  { dryRun, yes, ...wish }: BucketSetUp,
): Promise<BucketReport> {
  const { output, signal } = context;
  const plan = await bucket.plan(wish, signal);
  const report = { bucket: bucket.name, plan };
  if (dryRun || plan.steps.length === 0) return report;
  if (!yes) {
    output.note(renderPlan(report));
    await confirmByHand(context, `Do this to ${bucket.name}?`, `${bucket.name} is as it was`);
  }
  return { ...report, applied: await bucket.apply(plan.steps, signal) };
}

/** For people. */
export function renderPlan({ bucket, plan, applied }: BucketReport): string {
  const outcomes = { done: 'done       ', unsupported: 'not known  ' };
  const steps = applied
    ? applied.map(({ step, outcome }) => `  ${outcomes[outcome]}${describeBucketStep(step)}`)
    : plan.steps.map((step) => `  to do      ${describeBucketStep(step)}`);
  return [
    plan.steps.length === 0 ? `${bucket} is as it should be.` : `${bucket}:`,
    ...steps,
    ...plan.harmful.map(
      ({ id, description }) => `  DANGER     the lifecycle rule ${id} ${description}: remove it`,
    ),
    ...plan.impossible.map((text) => `  impossible ${text}`),
    ...(plan.unknown.length === 0 ? [] : [`  not seen   ${plan.unknown.join(', ')}`]),
  ].join('\n');
}
