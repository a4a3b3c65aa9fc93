import type {
  DatabasePlan,
  PlannedDatabase,
  PlannedTables,
  ReplacedResult,
} from '../../contracts/database-restore.ts';
import type { HookResult } from '../../contracts/hooks.ts';
import { databaseKinds, type RestoreResult, type Warning } from '../../contracts/jobs.ts';
import type { ThawStatus, ThawWay } from '../../contracts/thaw.ts';
import { describeHook } from './backup.ts';
import { formatBytes, formatCount, formatDuration, formatQuantity, formatTime, shortId } from './format.ts';

/** What a restore has done, for people. */
export function renderRestore(result: RestoreResult): string {
  const { hooks = [] } = result;
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
    ...renderEnd(hooks, result.warnings),
  ].join('\n');
}

/** What a roll-back has done, for people. */
export function renderRollback({
  outcome,
  databases,
  paths = [],
  hooks = [],
  warnings = [],
}: ReplacedResult): string {
  const what = outcome === 'rolled back' ? 'Put back' : outcome === 'kept' ? 'Left as it is' : 'Removed';
  const subjects = [...databases, ...paths].join(', ') || 'nothing';
  return [`${what}: ${subjects}`, ...renderEnd(hooks, warnings)].join('\n');
}

function renderEnd(hooks: readonly HookResult[], warnings: readonly Warning[]): readonly string[] {
  return [
    ...(hooks.length > 0 ? [`Hooks: ${hooks.map(describeHook).join(', ')}`] : []),
    ...warnings.map(({ subject, message }) => `warning: ${subject}: ${message}`),
  ];
}

function renderReplaced({ replaced, safetySnapshot }: RestoreResult): readonly string[] {
  if (replaced === undefined) return [];
  const { restore, databases, until } = replaced;
  if (databases.length === 0) {
    return [
      `What was there is in snapshot ${shortId(safetySnapshot ?? '')}; until ${formatTime(new Date(until))} \`resguardo rollback ${restore}\` puts it back`,
    ];
  }
  return [
    ...databases.map(({ target, keptAs }) => `The ${target} of before is kept as ${keptAs}`),
    `It is removed ${formatTime(new Date(until))}; until then \`resguardo rollback ${restore}\` puts it back`,
    ...(safetySnapshot === undefined ? [] : [`It is also in snapshot ${shortId(safetySnapshot)}`]),
  ];
}

/** What a restore would do, for people. */
export function renderPlan(plan: DatabasePlan): string {
  const time = formatTime(new Date(plan.snapshotTime));
  const databases = plan.databases.map((database) => {
    const { name, target, replaced, bytes, tables } = database;
    if (tables !== undefined) return renderTables(database, tables);
    const what =
      replaced === undefined ? 'new' : `replaces the one that is there, which is kept as ${replaced}`;
    return `  ${name} → ${target} (${what}), ${formatBytes(bytes)}`;
  });
  const where = plan.server === '' ? '' : ` into ${plan.server}`;
  return [
    `Snapshot ${shortId(plan.snapshot)} of ${time}${where}`,
    ...(plan.thaw === undefined ? [] : renderThaw(plan.thaw)),
    ...(isUnknown(plan) ? ['What is in it is told once it can be read'] : []),
    ...databases,
    ...renderForecast(plan),
    ...plan.warnings.map(({ subject, message }) => `warning: ${subject}: ${message}`),
    ...plan.blockers.map((blocker) => `in the way: ${blocker}`),
  ].join('\n');
}

/** Of databases, where even what tells of the dumps is frozen. */
function isUnknown({ source: { kind }, databases }: DatabasePlan): boolean {
  return databases.length === 0 && databaseKinds.includes(kind);
}

/** Tables of a database that stays. */
function renderTables({ name, target, replaced }: PlannedDatabase, { chosen }: PlannedTables): string {
  const names = chosen.map((table) => `${table.schema}.${table.name}`).join(', ');
  const what =
    replaced === undefined
      ? 'which are not there'
      : `replacing those that are there, which are kept in the schema ${replaced}`;
  return `  ${name} → into ${target}, which stays: the tables ${names}, ${what}`;
}

/** What it takes to read data that lies in an archive class. */
export function renderThaw({
  needed,
  bytesToRead,
  frozen,
  thawing,
  classes,
  ways,
  egressUsd,
  pricesAsOf,
}: Omit<ThawStatus, 'snapshot' | 'snapshotTime'>): readonly string[] {
  const egress =
    egressUsd === undefined ? '' : `; some $${egressUsd.toFixed(2)} of the provider for their way out`;
  const lies = classes.map(({ storageClass, packs }) => `${formatCount(packs)} in ${storageClass}`);
  return [
    `It reads ${formatBytes(bytesToRead)} of ${formatQuantity(needed.packs, 'pack')}${egress}`,
    ...(frozen.packs === 0
      ? []
      : [
          `Frozen: ${formatQuantity(frozen.packs, 'pack')}, ${formatBytes(frozen.bytes)} (${lies.join(', ')})`,
        ]),
    ...(thawing.packs === 0
      ? []
      : [`Thawing: ${formatQuantity(thawing.packs, 'pack')}, ${formatBytes(thawing.bytes)}`]),
    ...renderWays(ways),
    ...(pricesAsOf === undefined ? [] : [`Prices as of ${pricesAsOf}`]),
  ];
}

/** How long each way of thawing takes, and what it costs. */
export function renderWays(ways: readonly ThawWay[]): readonly string[] {
  return ways.map(({ speed, hours: [from, to], costUsd }) => {
    const cost = costUsd === undefined ? '' : `, some $${costUsd.toFixed(2)}`;
    return `  --thaw ${speed}: ${hoursOf(from)} to ${hoursOf(to)}${cost}`;
  });
}

function hoursOf(hours: number): string {
  return hours < 1 ? `${Math.round(hours * 60)} min` : `${hours} h`;
}

function renderForecast({ forecast }: DatabasePlan): readonly string[] {
  if (forecast === undefined) return [];
  const { seconds, basis, storedBytes, egressUsd, pricesAsOf } = forecast;
  const cost =
    egressUsd === undefined
      ? ''
      : `, some $${egressUsd.toFixed(2)} of the provider for it (prices as of ${pricesAsOf})`;
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
