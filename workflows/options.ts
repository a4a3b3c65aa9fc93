import {
  ActivityCancellationType,
  type ActivityOptions,
  ChildWorkflowCancellationType,
  type ChildWorkflowOptions,
  ParentClosePolicy,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { ControlActivities, HostActivities } from '../contracts/activities.ts';
import { nonRetryableFailureTypes } from '../contracts/failures.ts';
import type { ResolvedHost, ResolvedSource } from '../contracts/jobs.ts';
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
export const lookUp = proxyActivities<Omit<ControlActivities, 'notify' | 'recordStart'>>({
  taskQueue: controlQueue,
  summary: 'Look up the configuration',
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '10 minutes',
  retry: { ...retry, initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** The history of runs is nice to have: a run does not wait for it, and it never fails by itself. */
export const record = proxyActivities<Pick<ControlActivities, 'recordStart'>>({
  taskQueue: controlQueue,
  summary: 'Enter the run into the history',
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '10 minutes',
  retry: { ...retry, maximumAttempts: 3 },
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

/** The run of a source or repository that another run has started. */
export const childRun = {
  // It outlives a run that has no more time, or that goes on in another history. Ending it by force would
  // skip its cleaning up.
  parentClosePolicy: ParentClosePolicy.ABANDON,
  cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
} as const satisfies ChildWorkflowOptions;

export const fleetLimits = {
  // A host works on four steps at once (workers/): the other two are for restores and for what people start.
  // A backup that had to wait for a place longer than `hostTimeout` would look as if its host were off.
  backups: { perHost: 2, atOnce: 20 },
  // Reading a repository is bound by the network or the disk that it shares with the next one.
  verifications: { perHost: 1, atOnce: 4 },
  // Each has an exclusive lock, and reads all trees: bound as verifications are.
  prunes: { perHost: 1, atOnce: 1 },
  sweepsAtOnce: 10,
  listedLeftOvers: 20,
  // Each is bound by the line to its place, and all read the same repository.
  replications: { perHost: 3, atOnce: 3 },
  // About eight events each: a history of less than a thousand.
  sourcesInOneHistory: 100,
  // What takes longer goes on by itself, so that the sources of the next history need not wait.
  stragglersMs: 30 * 60_000,
} as const;

export interface StepSettings {
  /** A schedule has started the run, so that nobody waits in front of a screen. */
  readonly isUnattended: boolean;
}

/** Steps on the host of a source or repository. */
export function stepsOn(
  place: ResolvedSource | ResolvedHost,
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
    /** A request for each object: some 50 a second. */
    renewObjectLocks: step(place, 'Lock the objects anew', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).renewObjectLocks,
    /** A first copy of all data over a slow line takes days; the run itself tries again after a pause. */
    copySnapshots: step(place, 'Copy the snapshots', {
      startToCloseTimeout: '7 days',
      scheduleToCloseTimeout: '8 days',
      retry: { ...retry, maximumInterval: '5 minutes', maximumAttempts: 12 },
    }).copySnapshots,
    /** Lists all packs, reads the trees of a snapshot, and sends a request for each pack. */
    thawSnapshot: step(place, 'Look what has to be thawed', {
      startToCloseTimeout: '6 hours',
      scheduleToCloseTimeout: '24 hours',
    }).thawSnapshot,
    planRestore: step(place, 'Find the snapshot', {
      startToCloseTimeout: '10 minutes',
      scheduleToCloseTimeout: '1 hour',
      retry: impatient,
    }).planRestore,
    /** Reads the trees of two snapshots, and looks at each file. */
    checkSafety: step(place, 'Look whether the safety backup has all that is overwritten', {
      startToCloseTimeout: '1 day',
      scheduleToCloseTimeout: '2 days',
    }).checkSafety,
    /** Somebody waits for a restore: retried, but given up within the day that a large one may take. */
    restoreSnapshot: step(place, 'Restore', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).restoreSnapshot,
    /** It comes again after 15 minutes, so there is no use in trying for longer. */
    monitorSecurity: step(place, 'Look for changes', {
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '1 hour',
      retry: impatient,
    }).monitorSecurity,
    /** Reads the snapshots of every repository; daily. */
    checkCompliance: step(place, 'Compare with the policies', {
      startToCloseTimeout: '2 hours',
      scheduleToCloseTimeout: '12 hours',
    }).checkCompliance,
    /** Lists every repository to know its size; daily. */
    writeReport: step(place, 'Write the report', {
      startToCloseTimeout: '2 hours',
      scheduleToCloseTimeout: '12 hours',
    }).writeReport,
    /** Waits for backups under way, which hold the repository; a night has a quiet hour. */
    forgetSnapshots: step(place, 'Forget snapshots by policy', {
      startToCloseTimeout: '2 hours',
      scheduleToCloseTimeout: '12 hours',
    }).forgetSnapshots,
    /** Packs anew what is needed of half-empty packs: as long as copying that part of the repository takes. */
    pruneRepository: step(place, 'Remove what no snapshot needs', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).pruneRepository,
    sweepRepository: step(place, 'Remove stale locks and temporary files', {
      startToCloseTimeout: '2 hours',
      scheduleToCloseTimeout: '4 hours',
      retry: impatient,
    }).sweepRepository,
    sweepHost: step(place, 'Remove what dead runs left on the host', {
      startToCloseTimeout: '30 minutes',
      scheduleToCloseTimeout: '1 hour',
      retry: impatient,
    }).sweepHost,
    compareRestored: step(place, 'Compare what was restored', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).compareRestored,
  };
}

/** Steps of a restore of databases, on the host of the source whose server takes them. */
export function restoreStepsOn(place: ResolvedSource) {
  return {
    planDatabases: step(place, 'Look what a restore would do', {
      startToCloseTimeout: '30 minutes',
      scheduleToCloseTimeout: '1 hour',
      retry: impatient,
    }).planDatabases,
    prepareDatabase: step(place, 'Make an empty database beside the target', {
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '4 hours',
    }).prepareDatabase,
    /** As long as a restore of files may take: somebody waits for it. */
    loadSection: step(place, 'Load a part of the dump', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).loadSection,
    /** Statistics are gathered here, which reads a part of every table. */
    finishDatabase: step(place, 'Set owner, rights and settings, gather statistics', {
      startToCloseTimeout: '1 day',
      scheduleToCloseTimeout: '2 days',
    }).finishDatabase,
    compareDatabase: step(place, 'Compare what was restored', {
      startToCloseTimeout: '3 days',
      scheduleToCloseTimeout: '4 days',
    }).compareDatabase,
    /** Seconds of work. A server that is away in this moment is waited for: the work of hours is done. */
    swapDatabases: step(place, 'Put the restored databases in place', {
      startToCloseTimeout: '10 minutes',
      scheduleToCloseTimeout: '24 hours',
    }).swapDatabases,
    /** Patient: what is left behind takes space that nobody looks for. */
    discardDatabases: step(place, 'Drop what is not needed any more', {
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '12 hours',
    }).discardDatabases,
    rollBackDatabases: step(place, 'Put back what was replaced', {
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '24 hours',
    }).rollBackDatabases,
    dropReplaced: step(place, 'Remove what was replaced', {
      startToCloseTimeout: '1 hour',
      scheduleToCloseTimeout: '24 hours',
    }).dropReplaced,
  };
}

export interface HookStep {
  readonly summary: string;
  /** Of its program, which the worker ends then. */
  readonly timeoutMs: number;
  /** It may have to undo something, and is waited for longer. */
  readonly isCleanup: boolean;
}

/** A hook on a host. What it says is final: an attempt is made again only when its worker was lost. */
export function hookOn(place: ResolvedSource | ResolvedHost, { summary, timeoutMs, isCleanup }: HookStep) {
  return step(place, summary, {
    // The worker has a minute to end the program, and another one to tell.
    startToCloseTimeout: timeoutMs + 120_000,
    // Two lost workers more, with a new one coming each time.
    scheduleToCloseTimeout: 3 * timeoutMs + 24 * 3_600_000,
    // While it waits, nobody hears that the run has failed: an hour at the default of 15 minutes.
    scheduleToStartTimeout: place.hostTimeoutMs * (isCleanup ? 4 : 1),
  });
}

/** A person waits for the answer; a host that is off is told within a minute. */
export function limitsOn(place: ResolvedSource) {
  return step(place, 'Change the limits', {
    startToCloseTimeout: '30 seconds',
    scheduleToStartTimeout: '1 minute',
    scheduleToCloseTimeout: '2 minutes',
    retry: impatient,
  });
}

function step(place: ResolvedSource | ResolvedHost, summary: string, times: ActivityOptions) {
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
