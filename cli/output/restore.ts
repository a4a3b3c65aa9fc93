import type { DatabasePlan } from '../../contracts/database-restore.ts';
import type { RestoreResult } from '../../contracts/jobs.ts';
import { formatBytes, formatDuration, formatQuantity, formatTime, shortId } from './format.ts';

/** What a restore has done, for people. */
export function renderRestore(result: RestoreResult): string {
  const failed = result.checks.filter((check) => !check.passed);
  const durationMs = Date.parse(result.finishedAt) - Date.parse(result.startedAt);
  const checks = result.checks.map(
    ({ subject, passed, detail }) => `  ${passed ? '✓' : '✗'} ${subject}: ${detail}`,
  );
  return [
    `Restored ${formatQuantity(result.files, 'file')}, ${formatBytes(result.bytes)} of snapshot ${shortId(result.snapshot)} to ${result.target} in ${formatDuration(durationMs)}`,
    `Compared: ${formatQuantity(result.checks.length, 'check')}, ${failed.length === 0 ? 'all equal' : `${failed.length} differ`}`,
    ...checks,
    ...renderReplaced(result),
    ...result.warnings.map(({ subject, message }) => `warning: ${subject}: ${message}`),
  ].join('\n');
}

function renderReplaced({ replaced, safetySnapshot }: RestoreResult): readonly string[] {
  if (replaced === undefined) return [];
  const { restore, databases, until } = replaced;
  return [
    ...databases.map(({ target, keptAs }) => `The ${target} of before is kept as ${keptAs}`),
    `It is removed ${formatTime(new Date(until))}; until then \`resguardo rollback ${restore}\` puts it back`,
    ...(safetySnapshot === undefined ? [] : [`It is also in snapshot ${shortId(safetySnapshot)}`]),
  ];
}

/** What a restore would do, for people. */
export function renderPlan(plan: DatabasePlan): string {
  const time = formatTime(new Date(plan.snapshotTime));
  const databases = plan.databases.map(({ name, target, replaced, bytes }) => {
    const what =
      replaced === undefined ? 'new' : `replaces the one that is there, which is kept as ${replaced}`;
    return `  ${name} → ${target} (${what}), ${formatBytes(bytes)}`;
  });
  return [
    `Snapshot ${shortId(plan.snapshot)} of ${time} into ${plan.server}`,
    ...databases,
    ...renderForecast(plan),
    ...plan.warnings.map(({ subject, message }) => `warning: ${subject}: ${message}`),
    ...plan.blockers.map((blocker) => `in the way: ${blocker}`),
  ].join('\n');
}

function renderForecast({ forecast }: DatabasePlan): readonly string[] {
  if (forecast === undefined) return [];
  const { seconds, basis, storedBytes, egressUsd } = forecast;
  const cost = egressUsd === undefined ? '' : `, some $${egressUsd.toFixed(2)} of the provider for it`;
  return [
    `It takes about ${formatDuration(seconds * 1000)} (${basis})`,
    `${formatBytes(storedBytes)} are read from the repository${cost}`,
  ];
}

/** The name that a person types to allow what a plan replaces. */
export function nameToConfirm({ databases, source }: DatabasePlan): string | undefined {
  const replaced = databases.filter((database) => database.replaced !== undefined);
  const [first] = replaced;
  return replaced.length > 1 ? source.source : first?.target;
}
