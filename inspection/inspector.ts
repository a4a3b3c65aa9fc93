import type { Catalog } from '../catalog/catalog.ts';
import { isFailure } from '../contracts/failures.ts';
import { type Finding, findingLevels } from '../contracts/findings.ts';
import type { InspectionResult, ReportResult } from '../contracts/scheduled-jobs.ts';
import type { Logger } from '../logging/logger.ts';
import type { GovernedSource } from '../policy/compliance/facts.ts';
import type { Repository } from '../repository/repository.ts';
import { lookAtCompliance } from './compliance.ts';
import { writeAnalyticsReport } from './report.ts';
import { lookAtSecurity } from './security.ts';
import type { WatchFiles } from './watch-file.ts';

/** One look of the inspector. */
export interface Look {
  /** Time of the run, the same for each attempt. */
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Told of each thing that was looked at; what keeps the watchdog of the step quiet. */
  readonly onProgress: (current: string) => void;
}

/** Looks at what no single backup shows, and tells people what it finds, once. */
export interface Inspector {
  monitorSecurity(look: Look): Promise<InspectionResult>;
  checkCompliance(look: Look): Promise<InspectionResult>;
  /** @throws {Failure} CatalogUnavailable and the like: a report needs the history */
  writeReport(look: Look): Promise<ReportResult>;
}

/** A repository of the configuration, as an inspection needs it. */
export interface WatchedRepository {
  readonly repository: string;
  /** Absolute path, where it is a folder of this machine. */
  readonly folder?: string;
  /** `disk`, `s3`, `azure`, `gcs`, `sftp`. */
  readonly medium: string;
  readonly offsite: boolean;
  /** The file that holds its key, where it is one. */
  readonly keyFile?: string;
}

export interface InspectorOptions {
  readonly stateDir: string;
  readonly configurationFile?: string;
  /** Files that references of the configuration name. */
  readonly secretFiles: readonly string[];
  /** Sources with their policies and kinds. */
  readonly sources: readonly (GovernedSource & { readonly kind: string })[];
  readonly repositories: readonly WatchedRepository[];
  /** For the days of reports. */
  readonly timeZone: string;
  readonly watch: WatchFiles;
  /** Opens a repository; the caller closes it. */
  readonly openRepository: (repository: string) => Promise<Repository>;
  readonly catalog: () => Promise<Catalog>;
  /**
   * Tells people of what is wrong, and of what is well again.
   * @throws {Failure} NotificationUnavailable, NotificationRefused
   */
  readonly tell: (findings: readonly Finding[], at: string, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/** More would make a history heavy; the catalog has all. */
const listed = 20;
const longestText = 500;

export function createInspector(options: InspectorOptions): Inspector {
  return {
    monitorSecurity: async (look) => {
      const { checks, findings } = await lookAtSecurity(options, look);
      return await publish(options, look, { checks, findings });
    },
    checkCompliance: async (look) => {
      const { checks, findings } = await lookAtCompliance(options, look);
      return await publish(options, look, { checks, findings });
    },
    writeReport: (look) => writeAnalyticsReport(options, look),
  };
}

/** What an inspection found, and the checks that it made. */
export interface Found {
  readonly checks: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Enters findings into the catalog and tells people. Neither fails the inspection: the catalog is not needed
 * for it, and what could not be told is kept and told by the next run.
 */
async function publish(
  { catalog, tell, logger }: InspectorOptions,
  { now, signal }: Look,
  { checks, findings }: Found,
): Promise<InspectionResult> {
  await orLog(logger, 'Findings could not be entered into the catalog', async () => {
    await (await catalog()).replaceFindings(checks, findings, now);
  });
  await orLog(logger, 'Not everybody could be told of the findings', () =>
    tell(findings, now.toISOString(), signal),
  );
  signal.throwIfAborted();
  return summarise(findings);
}

/** Does what an inspection can do without. */
export async function orLog(logger: Logger, message: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    logger.warn({ err: error }, message);
  }
}

/** A failure as one sentence; of other errors nothing is said, because they may hold what nobody should read. */
export function reasonOf(error: unknown): string {
  return isFailure(error) ? error.message : 'it failed unexpectedly; the log of the worker tells more';
}

function summarise(findings: readonly Finding[]): InspectionResult {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const worst = findings
    .filter(({ level }) => level !== 'ok')
    .toSorted((a, b) => findingLevels.indexOf(b.level) - findingLevels.indexOf(a.level))
    .slice(0, listed);
  return {
    checked: findings.length,
    notices: count('notice'),
    warnings: count('warning'),
    criticals: count('critical'),
    findings: worst.map((finding) => ({
      ...finding,
      message: finding.message.slice(0, longestText),
      evidence: finding.evidence.slice(0, 3).map((line) => line.slice(0, longestText)),
    })),
  };
}
