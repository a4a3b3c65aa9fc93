import type { FreshnessLimits, WatchedSource } from '../freshness.ts';
import type { PlacedSnapshot } from '../placed-snapshot.ts';
import type { RetentionPolicy } from '../retention/plan.ts';

/** How many copies there must be, the original counted: 3 copies on 2 media, 1 of them elsewhere. */
export interface CopyRule {
  readonly copies: number;
  readonly media: number;
  readonly offsite: number;
}

export const threeTwoOne: CopyRule = { copies: 3, media: 2, offsite: 1 };

/** A source, and what its policy promises. */
export interface GovernedSource extends WatchedSource {
  readonly limits?: FreshnessLimits;
  readonly retention?: RetentionPolicy;
  readonly copies?: CopyRule;
  /** Repositories that should have a copy of each snapshot. */
  readonly copiesIn?: readonly string[];
  /** When the first backup that anyone remembers was made, ISO in UTC: history must reach back to it. */
  readonly firstBackupAt?: string;
}

/** What was found out about a repository; holds no secret. */
export interface RepositoryFacts {
  readonly repository: string;
  /** Kind of medium: `disk`, `s3`, `azure`, `gcs`, `sftp`. The original is on `disk`. */
  readonly medium: string;
  /** Whether fire or theft at the source's place leaves it whole. */
  readonly offsite: boolean;
  /** Absent when the repository could not be opened; `problem` then says why. */
  readonly encryption?: {
    /** Version of the repository format; 2 has AES-256-CTR with Poly1305-AES for all but the key files. */
    readonly formatVersion: number;
    readonly keyCount: number;
  };
  readonly problem?: string;
  /** The file that holds the key on this host, where it is a file. */
  readonly keyFile?: { readonly path: string; readonly mode: number };
  /** ISO in UTC; absent when never verified. */
  readonly verifiedAt?: string;
  /** Damages that the last verification found. */
  readonly damageCount?: number;
}

export interface ComplianceFacts {
  readonly now: Date;
  readonly sources: readonly GovernedSource[];
  readonly repositories: readonly RepositoryFacts[];
  readonly snapshots: readonly PlacedSnapshot[];
}
