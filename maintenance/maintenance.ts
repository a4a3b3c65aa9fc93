import type { Catalog } from '../catalog/catalog.ts';
import type { RetentionRequest } from '../contracts/activities.ts';
import { Failure } from '../contracts/failures.ts';
import type {
  ForgetResult,
  HostSweepResult,
  PruneStepResult,
  RepositorySweepResult,
} from '../contracts/scheduled-jobs.ts';
import type { Logger } from '../logging/logger.ts';
import { leastStayMs } from '../policy/cost/least-stay.ts';
import type { RetentionPolicy } from '../policy/retention/plan.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import { planPrune } from '../repository/prune/plan.ts';
import { executePrune } from '../repository/prune/prune.ts';
import type { Repository } from '../repository/repository.ts';
import { loadSnapshots } from '../repository/snapshot-loader.ts';
import { asTold, forget, forgetResult, planByPolicy, removable } from './forget.ts';
import { type LeftOverDatabases, sweepHost, sweepRepository } from './sweep.ts';

/** What a step of the maintenance gets. */
export interface Work {
  readonly signal: AbortSignal;
  /** Told of each thing that was done; what keeps the watchdog of the step quiet. */
  readonly onProgress: (current: string) => void;
}

/** Keeps repositories and hosts tidy: forgets, prunes, sweeps. Each may be stopped at any point, and repeated. */
export interface Maintenance {
  /** @throws {Failure} RepositoryLocked; RepositoryDamaged where the last verification found damage */
  forget(request: RetentionRequest, work: Work): Promise<ForgetResult>;
  /** @throws {Failure} RepositoryLocked, RepositoryDamaged */
  prune(request: RetentionRequest, work: Work): Promise<PruneStepResult>;
  sweepRepository(repository: string, work: Work): Promise<RepositorySweepResult>;
  /** @param isRestoring whether a restore is under way: what it has made is no left-over */
  sweepHost(isRestoring: boolean, work: Work): Promise<HostSweepResult>;
}

export interface MaintenanceOptions {
  readonly stateDir: string;
  /** Opens a repository with the right to remove; the caller closes it. */
  readonly openRepository: (repository: string) => Promise<Repository>;
  readonly policyOf: (repository: string) => RetentionPolicy;
  /** Share of the data that may stay unused, below 100. */
  readonly maxUnusedPercentOf: (repository: string) => number;
  /** How long data stays once no snapshot needs it. */
  readonly deleteDelayMsOf: (repository: string) => number;
  /** Finds and drops what dead restores left, for each source of this host that has databases. */
  readonly leftOverDatabases: readonly LeftOverDatabases[];
  readonly catalog: () => Promise<Catalog>;
  /** Notes in the audit log which snapshots go; never throws. */
  readonly announce: (request: RetentionRequest, ids: readonly string[]) => Promise<void>;
  readonly logger: Logger;
}

export function createMaintenance(options: MaintenanceOptions): Maintenance {
  return {
    forget: (request, work) => forgetIn(options, request, work),
    prune: (request, work) => pruneIn(options, request, work),
    sweepRepository: (repository, work) =>
      withRepository(options, repository, (opened) => sweepRepository(opened, work)),
    sweepHost: (isRestoring, work) => sweepHost({ ...options, isRestoring, ...work }),
  };
}

async function forgetIn(
  options: MaintenanceOptions,
  request: RetentionRequest,
  work: Work,
): Promise<ForgetResult> {
  const { repository: name, dryRun } = request;
  await assertSound(options, name);
  return await withRepository(options, name, async (repository) => {
    if (dryRun) return forgetResult(await planIn(options, request, { repository, ...work }));
    return await withLock(repository, { exclusive: true, signal: work.signal }, async (signal) => {
      const plan = await planIn(options, request, { repository, ...work, signal });
      const forgotten = await forget(repository, {
        plan,
        signal,
        announce: (ids) => options.announce(request, ids),
        onRemoved: (count) => work.onProgress(`forgetting snapshot ${count}`),
      });
      return forgetResult(plan, forgotten);
    });
  });
}

async function pruneIn(
  options: MaintenanceOptions,
  request: RetentionRequest,
  { signal: stop, onProgress }: Work,
): Promise<PruneStepResult> {
  const { repository: name, dryRun } = request;
  const share = options.maxUnusedPercentOf(name);
  return await withRepository(options, name, (repository) =>
    withLock(repository, { exclusive: true, signal: stop }, async (signal) => {
      const ignoreSnapshots = dryRun
        ? new Set(removable(await planIn(options, request, { repository, signal, onProgress })))
        : undefined;
      const plan = await planPrune(repository, {
        maxUnusedBytes: (usedBytes) => Math.floor((share / (100 - share)) * usedBytes),
        maxRepackBytes: Number.POSITIVE_INFINITY,
        deleteDelayMs: options.deleteDelayMsOf(name),
        leastStayMs: leastStayMs(repository.store.location),
        ...(ignoreSnapshots === undefined ? {} : { ignoreSnapshots }),
        signal,
        onProgress: ({ snapshotsDone, snapshotsTotal }) =>
          onProgress(`reading snapshot ${snapshotsDone + 1} of ${snapshotsTotal}`),
      });
      const { bytes, packs } = plan.statistics;
      // What is marked now is freed by the prune of tomorrow.
      const { held } = plan.statistics;
      const figures = {
        bytesFreed: bytes.removeTotal - bytes.delayed,
        bytesUsed: bytes.used,
        ...(held.until !== undefined && {
          held: { packs: held.packs, bytes: held.bytes, until: held.until.toISOString() },
        }),
      };
      if (dryRun) return { ...figures, packsRemoved: packs.expired, packsWritten: 0 };
      const { packsRemoved, packsWritten, locked } = await executePrune(repository, plan, {
        signal,
        onProgress: ({ step, packsDone, packsTotal }) => onProgress(`${step}: ${packsDone} of ${packsTotal}`),
      });
      const later = {
        ...(locked !== undefined && { locked: asTold(locked) }),
        ...(await hiddenIn(repository, signal)),
      };
      const bytesFreed = Math.max(0, figures.bytesFreed - (locked?.bytes ?? 0));
      return { ...figures, bytesFreed, ...later, packsRemoved, packsWritten };
    }),
  );
}

async function hiddenIn(
  { store }: Repository,
  signal: AbortSignal,
): Promise<Pick<PruneStepResult, 'hidden'>> {
  const found = await store.hidden(signal);
  if (found === undefined || found.objects === 0) return {};
  const { objects, bytes, until } = found;
  return { hidden: { objects, bytes, ...(until !== undefined && { until: until.toISOString() }) } };
}

interface Planning extends Work {
  readonly repository: Repository;
}

async function planIn(
  options: MaintenanceOptions,
  { repository: name, at }: RetentionRequest,
  { repository, signal, onProgress }: Planning,
) {
  const snapshots = await loadSnapshots(repository, {
    known: new Map(),
    signal,
    onSnapshot: (id) => onProgress(`snapshot ${id.slice(0, 8)}`),
  });
  const partial = await partialSnapshots(options);
  return planByPolicy(snapshots, {
    policy: options.policyOf(name),
    now: new Date(at),
    isGood: ({ id }) => !partial.has(id),
  });
}

/** A damaged repository keeps all that it has: an old snapshot may be the only whole one. */
async function assertSound({ catalog, logger }: MaintenanceOptions, repository: string): Promise<void> {
  const verified = { workflow: 'verification', subject: repository, status: ['done', 'failed'] } as const;
  const runs = await orNothing(logger, async () =>
    (await catalog()).runs(verified, { newestFirst: true, limit: 50 }),
  );
  // A verification that could not be made says nothing about damage.
  const newest = runs?.find(({ failure }) => failure === undefined || failure.type === 'RepositoryDamaged');
  if (newest?.failure === undefined) return;
  throw new Failure(
    'RepositoryDamaged',
    `The verification of ${newest.finishedAt ?? newest.startedAt} found damage in ${repository}: nothing is forgotten in it`,
    {
      advice: `Run \`resguardo repo check --read-data --repository ${repository}\`, mend it, and verify again: \`resguardo verify --repository ${repository}\`.`,
    },
  );
}

const backups = 'backupSource';
const longAgo = new Date(0).toISOString();

/** Snapshots that lack what could not be read, as far as the catalog knows. */
async function partialSnapshots({ catalog, logger }: MaintenanceOptions): Promise<ReadonlySet<string>> {
  const runs = await orNothing(logger, async () =>
    (await catalog()).runsBetween(longAgo, new Date().toISOString(), {
      workflow: backups,
      status: ['partial'],
    }),
  );
  return new Set((runs ?? []).flatMap(({ snapshot }) => snapshot ?? []));
}

/** Without a catalog less is known, and the work goes on. */
async function orNothing<T>(logger: Logger, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    logger.warn({ err: error }, 'The catalog could not be read');
    return undefined;
  }
}

async function withRepository<T>(
  { openRepository }: MaintenanceOptions,
  name: string,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const repository = await openRepository(name);
  try {
    return await work(repository);
  } finally {
    await repository.close();
  }
}
