import type { LifecycleRule } from '@aws-sdk/client-s3';
import { completedRules, type HarmfulRule, harmfulRules, harmfulTiering, wantedRule } from './lifecycle.ts';
import type { BucketState } from './state.ts';

/** What a repository wants of its bucket. */
export interface BucketWish {
  /** Key prefix of the repository, without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
  /** Whether objects can be locked; a bucket has to be made so. */
  readonly objectLock: boolean;
  /** How long what was deleted or replaced can be got back, in days. */
  readonly versionDays: number;
}

export type BucketStep =
  | { readonly kind: 'create'; readonly objectLock: boolean }
  | { readonly kind: 'versioning' }
  | { readonly kind: 'encryption' }
  | { readonly kind: 'publicAccessBlock' }
  | {
      readonly kind: 'lifecycle';
      /** All that the bucket shall have, those of others among them. */
      readonly rules: readonly LifecycleRule[];
      readonly versionDays: number;
    };

export interface BucketPlan {
  /** What is to be done, in order; nothing when the bucket is as it should be. */
  readonly steps: readonly BucketStep[];
  /** Rules of others that would lose data. They are never changed by us. */
  readonly harmful: readonly HarmfulRule[];
  /** Settings that cannot be seen: the service has no such thing, or the credentials may not look. */
  readonly unknown: readonly string[];
  /** An existing bucket cannot be given what it was not made with. */
  readonly impossible: readonly string[];
}

/** Compares a bucket with what a repository wants of it. Pure. */
export function planBucket(state: BucketState, { prefix, objectLock, versionDays }: BucketWish): BucketPlan {
  const steps: BucketStep[] = [];
  if (!state.exists) steps.push({ kind: 'create', objectLock });
  // A bucket that is made for locks has versions.
  if (state.versioning === 'off' && (state.exists || !objectLock)) steps.push({ kind: 'versioning' });
  if (state.encryption === 'off') steps.push({ kind: 'encryption' });
  if (state.publicAccessBlock === 'off') steps.push({ kind: 'publicAccessBlock' });
  const rules = completedRules(wantedRule(prefix, versionDays), state.lifecycle);
  if (rules !== undefined) steps.push({ kind: 'lifecycle', rules, versionDays });
  const { exists: _, lifecycle, tiering, ...settings } = state;
  const unknown = Object.entries({ ...settings, lifecycle: seen(lifecycle), tiering: seen(tiering) })
    .filter(([, setting]) => setting === 'unknown')
    .map(([name]) => name);
  return {
    steps,
    harmful: [...harmfulRules(lifecycle, prefix), ...harmfulTiering(tiering, prefix)],
    unknown,
    impossible:
      state.exists && objectLock && state.objectLock === 'off'
        ? ['Objects of this bucket cannot be locked: object lock is switched on when a bucket is made.']
        : [],
  };
}

function seen(found: unknown): 'on' | 'unknown' {
  return found === undefined ? 'unknown' : 'on';
}

/** For people: what a step does. */
export function describeStep(step: BucketStep): string {
  switch (step.kind) {
    case 'create':
      return `create the bucket${step.objectLock ? ', with object lock' : ''}`;
    case 'versioning':
      return 'keep the versions of objects, so that what is deleted or replaced can be got back';
    case 'encryption':
      return 'encrypt objects at rest (AES-256), beside the encryption of the repository';
    case 'publicAccessBlock':
      return 'block all public access';
    case 'lifecycle':
      return `add a lifecycle rule: unfinished uploads go after 7 days, what was deleted or replaced after ${step.versionDays}; live objects are not touched`;
  }
}
