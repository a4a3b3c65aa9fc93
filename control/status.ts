import type { Catalog } from '../catalog/catalog.ts';
import type { KeptFinding } from '../catalog/state.ts';
import type { Configuration } from '../configuration/load.ts';
import type { FindingLevel } from '../contracts/findings.ts';
import { describeCopyDebt } from '../policy/copies/debt.ts';
import { dailyFreshness } from '../policy/freshness.ts';
import { formatAge } from '../policy/wording.ts';
import type { ScheduleState } from '../schedules/operate.ts';
import { type SourceState, sourceStates } from './sources.ts';

/** What `status` and `health` tell. Plain JSON; times are ISO in UTC. */
export interface Status {
  /** False when there is a problem. */
  readonly ok: boolean;
  readonly checkedAt: string;
  readonly sources: readonly SourceStatus[];
  readonly temporal: TemporalStatus;
  /** What checks found last: the worst first. */
  readonly findings: readonly KeptFinding[];
  /** For people, one sentence each. */
  readonly problems: readonly string[];
}

export interface SourceStatus extends SourceState {
  readonly level: FindingLevel;
  /** Age of what can be restored; absent where there is nothing. */
  readonly newestAgeSeconds?: number;
}

export type TemporalStatus =
  | { readonly kind: 'unreachable'; readonly message: string }
  | {
      readonly kind: 'reachable';
      readonly address: string;
      /** Whether a worker asks for workflows. */
      readonly worker: boolean;
      readonly schedules: readonly Pick<ScheduleState, 'id' | 'paused' | 'nextAt'>[];
    };

export interface StatusQuestion {
  readonly configuration: Configuration;
  readonly openCatalog: () => Promise<Catalog>;
  readonly askTemporal: () => Promise<TemporalStatus>;
  readonly now: Date;
}

const hourSeconds = 3600;

/** Looks at the catalog and at Temporal; neither keeps the other from being told of. Never throws for them. */
export async function readStatus(question: StatusQuestion): Promise<Status> {
  const { configuration, openCatalog, askTemporal, now } = question;
  const [known, temporal] = await Promise.all([
    readCatalog(configuration, openCatalog).catch((error: unknown) => ({ message: messageOf(error) })),
    askTemporal().catch(
      (error: unknown): TemporalStatus => ({ kind: 'unreachable', message: messageOf(error) }),
    ),
  ]);
  const sources = 'sources' in known ? known.sources.map((source) => sourceStatus(source, now)) : [];
  const findings = 'findings' in known ? known.findings : [];
  const problems = [
    ...('message' in known ? [known.message] : []),
    ...sources.flatMap((source) => [...sourceProblems(source), ...copyProblems(source, now)]),
    ...temporalProblems(temporal),
    ...findings
      .filter((finding) => isTold(finding) && !isSaidAlready(finding))
      .map(({ check, message }) => `${check}: ${message}`),
  ];
  return { ok: problems.length === 0, checkedAt: now.toISOString(), sources, temporal, findings, problems };
}

async function readCatalog(configuration: Configuration, openCatalog: () => Promise<Catalog>) {
  const catalog = await openCatalog();
  const [sources, findings] = await Promise.all([sourceStates(configuration, catalog), catalog.findings()]);
  return { sources, findings };
}

function sourceStatus(source: SourceState, now: Date): SourceStatus {
  const { newestSnapshotAt, lastGoodRun } = source;
  // A run that has just ended may have made what no listing has seen yet.
  const newest = [newestSnapshotAt, lastGoodRun?.finishedAt]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  if (newest === undefined) return { ...source, level: 'critical' };
  const ageSeconds = Math.max(0, Math.round((now.getTime() - Date.parse(newest)) / 1000));
  return { ...source, level: levelOf(ageSeconds, source), newestAgeSeconds: ageSeconds };
}

function levelOf(ageSeconds: number, { lastRun }: SourceState): FindingLevel {
  if (ageSeconds > dailyFreshness.criticalHours * hourSeconds) return 'critical';
  if (lastRun?.status === 'failed') return 'warning';
  return ageSeconds > dailyFreshness.warningHours * hourSeconds ? 'warning' : 'ok';
}

/** A copy that breaks its policy is a problem even where no check has found it yet. */
function copyProblems({ copies }: SourceState, now: Date): readonly string[] {
  return copies
    .filter(({ breachAt }) => breachAt !== undefined && Date.parse(breachAt) <= now.getTime())
    .map((debt) => describeCopyDebt(debt, now));
}

function sourceProblems(source: SourceStatus): readonly string[] {
  const { name, level, newestAgeSeconds, lastRun } = source;
  if (level === 'ok') return [];
  if (newestAgeSeconds === undefined) return [`${name}: there is no snapshot yet: resguardo backup ${name}`];
  const age = `the newest snapshot is ${formatAge(newestAgeSeconds * 1000)} old`;
  if (lastRun?.status !== 'failed') return [`${name}: ${age}`];
  return [`${name}: the last run failed (${lastRun.failure?.message ?? 'for no known reason'}); ${age}`];
}

function temporalProblems(temporal: TemporalStatus): readonly string[] {
  if (temporal.kind === 'unreachable') return [temporal.message];
  return temporal.worker ? [] : ['No worker is running: start `resguardo up`, or `resguardo worker`'];
}

function isTold({ level }: KeptFinding): boolean {
  return level === 'warning' || level === 'critical';
}

/** Said above, from figures that are newer. */
function isSaidAlready({ check, level }: KeptFinding): boolean {
  return check === 'copy-debt' && level === 'critical';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
