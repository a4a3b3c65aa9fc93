import type { Finding } from './findings.ts';
import type { HookResult, ResolvedHook } from './hooks.ts';
import type { FleetTally } from './inputs.ts';
import type { ResolvedHost } from './jobs.ts';

/** Results of the workflows that schedules start: plain JSON, counts and short lists. Times are ISO, UTC. */

/** Name and host of a source, for a run over all of them. */
export interface ListedSource {
  readonly source: string;
  readonly host: string;
}

export interface SourcePage {
  /** In the order of their names, from the one after `after`. */
  readonly sources: readonly ListedSource[];
  /** Whether there are further ones. */
  readonly more: boolean;
  /** Hooks around a run over all of them, and the host that runs them; absent when there are none. */
  readonly around?: { readonly place: ResolvedHost; readonly hooks: readonly ResolvedHook[] };
}

/**
 * Result of `dailyBackup`, `incrementalBackup`, and of `verification` over all repositories: how the runs of
 * each source or repository ended. `merged` counts those for which a run was under way already, `left` those
 * that went on when this run ended.
 */
export interface FleetResult extends FleetTally {
  /** Hooks around the run, in order; absent when there are none. */
  readonly hooks?: readonly HookResult[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What an inspection found: every finding counts, the ones that people should know are listed. */
export interface InspectionResult {
  readonly checked: number;
  readonly notices: number;
  readonly warnings: number;
  readonly criticals: number;
  /** The worst 20 that are not `ok`; `resguardo status` and the catalog have all. */
  readonly findings: readonly Finding[];
}

/** Result of `securityMonitoring` and `complianceCheck`. */
export interface InspectionRunResult extends InspectionResult {
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Result of `analyticsReport`. */
export interface ReportResult {
  /** Absolute paths on the host that wrote them. */
  readonly files: readonly string[];
  /** Backup runs of the period. */
  readonly runs: number;
  readonly failed: number;
  /** One sentence for people. */
  readonly summary: string;
}

export interface ReportRunResult extends ReportResult {
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Result of `extendObjectLocks`. */
export interface LockRenewalResult {
  readonly repositories: readonly { readonly repository: string; readonly objects: number }[];
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Result of `kubernetesBackup`. */
export interface KubernetesResult {
  readonly clusters: number;
  readonly message: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What retention has done with the snapshots of a repository, or would do. */
export interface ForgetResult {
  /** Snapshots that stay. */
  readonly kept: number;
  /** Snapshots that are gone, or would be. */
  readonly forgotten: number;
  /** The first 20 of them, by the first 8 digits of their ids. */
  readonly forgottenIds: readonly string[];
  /** Snapshots that go when the service lets them; they are among those that stay. */
  readonly lockedSnapshots?: LockedFiles;
  /** Groups of snapshots of which nothing was removed, because a person must look first; the first 20. */
  readonly heldBack: readonly HeldBack[];
}

export interface HeldBack {
  readonly source: string;
  readonly why: string;
}

/** What is not needed and stays under a retention lock or a hold of the service, until a later run can remove it. */
export interface LockedFiles {
  readonly files: number;
  readonly bytes: number;
  /** When the last of those can go whose time is known; ISO. */
  readonly until?: string;
  /** Those of which nobody has said until when: somebody has to end their hold. */
  readonly withoutEnd: number;
}

/** What a prune has freed, or would. Bytes as stored. */
export interface PruneStepResult {
  readonly bytesFreed: number;
  readonly bytesUsed: number;
  readonly packsRemoved: number;
  readonly packsWritten: number;
  /** What is not needed and stays, because the service bills it until then anyway. `until`: the last of it; ISO. */
  readonly held?: { readonly packs: number; readonly bytes: number; readonly until: string };
  readonly locked?: LockedFiles;
  /** What was removed and still takes space as older versions. Without `until` nothing removes it by itself. */
  readonly hidden?: { readonly objects: number; readonly bytes: number; readonly until?: string };
}

/** Result of `prune` of one repository. */
export interface PruneResult extends ForgetResult, PruneStepResult {
  readonly repository: string;
  readonly dryRun: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What was left over in a repository. */
export interface RepositorySweepResult {
  /** Locks of processes that are dead. */
  readonly locks: number;
}

/** What was left over on a host, by runs that are dead. */
export interface HostSweepResult {
  /** Temporary files in the state folder. */
  readonly files: number;
  /** Databases that restores had begun, by their names. */
  readonly databases: readonly string[];
  /** What could not be looked at, a sentence each. */
  readonly problems: readonly string[];
}

/** Result of `sweep`. */
export interface SweepResult {
  readonly locks: number;
  readonly files: number;
  readonly databases: readonly string[];
  readonly problems: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string;
}
