import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { ControlActivities, HostActivities } from '../contracts/activities.ts';
import { nonRetryableFailureTypes } from '../contracts/failures.ts';
import type { ResolvedRepository, ResolvedSource } from '../contracts/jobs.ts';
import { controlQueue } from '../contracts/queues.ts';

/**
 * Every time-out and retry of the workflows, each with its reason. A store bridges an outage of some 45 s by
 * itself (stores/retry.ts); what is longer reaches the retries here. The pauses below add up to a day and more
 * until `scheduleToCloseTimeout` ends them, so the two levels do not multiply into anything that matters.
 */

/** From 5 s, because most troubles are over by then, to 10 min, because longer ones last hours. */
const retry: RetryPolicy = {
  initialInterval: '5 seconds',
  backoffCoefficient: 2,
  maximumInterval: '10 minutes',
  nonRetryableErrorTypes: [...nonRetryableFailureTypes],
};

/** Four attempts in 35 s: somebody sits in front of a screen and can mend what is wrong. */
const impatient: RetryPolicy = { ...retry, maximumAttempts: 4 };

/** Waiting lets the activity release locks and end its programs before the workflow goes on. */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** Look-ups in the configuration: at once, or the worker is in trouble. */
export const lookUp = proxyActivities<Pick<ControlActivities, 'resolveSource' | 'resolveRepository'>>({
  taskQueue: controlQueue,
  summary: 'Look up the configuration',
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { ...retry, initialInterval: '1 second', maximumInterval: '1 minute' },
});

/**
 * A run whose failure nobody hears of is the worst failure; but while it tells, the next backup of the source
 * cannot begin. An hour bridges a restart and most outages.
 */
export const tell = proxyActivities<Pick<ControlActivities, 'notify'>>({
  taskQueue: controlQueue,
  summary: 'Tell how it ended',
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '1 hour',
  retry: { ...retry, maximumInterval: '1 minute' },
});

export interface StepSettings {
  /** A schedule has started the run, so that nobody waits in front of a screen. */
  readonly isUnattended: boolean;
}

/** Steps on the host of a source or repository. */
export function stepsOn(
  place: ResolvedSource | ResolvedRepository,
  { isUnattended }: StepSettings = { isUnattended: false },
) {
  return {
    /** Connects and looks. At night it is worth while to wait for a server that restarts. */
    preflight: step(place, 'Check the source', {
      startToCloseTimeout: '5 minutes',
      scheduleToCloseTimeout: '1 hour',
      ...(isUnattended ? {} : { retry: impatient }),
    }).preflight,
    /** The longest first backup that we know of took a day; after a week nobody wants it any more. */
    capture: step(place, 'Read the source into the repository', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '7 days',
    }).capture,
    /** One small file. A day bridges an outage of the store, so that the captured data is not in vain. */
    commitSnapshot: step(place, 'Write the snapshot', {
      startToCloseTimeout: '10 minutes',
      scheduleToCloseTimeout: '24 hours',
    }).commitSnapshot,
    /** Reading all data of a large repository takes long. */
    check: step(place, 'Check the repository', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).check,
    planRestore: step(place, 'Find the snapshot', {
      startToCloseTimeout: '10 minutes',
      scheduleToCloseTimeout: '1 hour',
      retry: impatient,
    }).planRestore,
    /** Somebody waits for a restore: retried, but given up within the day that a large one may take. */
    restoreSnapshot: step(place, 'Restore', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).restoreSnapshot,
    compareRestored: step(place, 'Compare what was restored', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).compareRestored,
  };
}

function step(place: ResolvedSource | ResolvedRepository, summary: string, times: ActivityOptions) {
  return proxyActivities<HostActivities>({
    taskQueue: place.queue,
    summary,
    // A host that takes no work for so long is off, and people should know rather than wait.
    scheduleToStartTimeout: place.hostTimeoutMs,
    // Shorter than this, a restart of the Temporal server would give a living worker's step to another.
    heartbeatTimeout: place.heartbeatTimeoutMs,
    cancellationType,
    retry,
    ...times,
  });
}
