import type { Configuration } from '../../configuration/load.ts';
import { findingLevels } from '../../contracts/findings.ts';
import { openConfiguredCatalog } from '../../control/catalog.ts';
import { Later } from '../../control/later.ts';
import { readStatus, type SourceStatus, type Status, type TemporalStatus } from '../../control/status.ts';
import type { CopyDebt } from '../../policy/copies/debt.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { temporalSettings } from '../local-temporal.ts';
import { formatBytes, formatDuration, formatTime } from '../output/format.ts';
import { renderTable } from '../output/table.ts';

export function defineStatus({ parent, run }: Definition): void {
  const command = parent
    .command('status')
    .description(
      'how each source stands, what runs next, and whether a worker is there; exit code 1 if not well',
    )
    .action(run((context: CommandContext) => show(context, renderStatus)));
  withExamples(command, [
    ['resguardo status', 'at a glance'],
    ['resguardo status --json', 'for programs'],
  ]);
}

export function defineHealth({ parent, run }: Definition): void {
  const command = parent
    .command('health')
    .description('status, and what the checks found last: freshness, space, size, encryption, copies')
    .action(run((context: CommandContext) => show(context, renderHealth)));
  withExamples(command, [
    ['resguardo health', 'for people'],
    ['resguardo health --json', 'for monitoring; exit code 1 if not well'],
  ]);
}

/** How long Temporal may take: the answer is wanted now, and its absence is one. */
const temporalPatienceMs = 500;

async function show(context: CommandContext, render: (status: Status) => string): Promise<number> {
  const { env, output } = context;
  const configuration = await loadContextConfiguration(context);
  const onWarning = (message: string): void => output.warn(`warning: ${message}`);
  const catalog = new Later(() => openConfiguredCatalog(configuration, { env, onWarning }));
  try {
    const status = await readStatus({
      configuration,
      openCatalog: () => catalog.get(),
      askTemporal: () => askTemporal(context, configuration),
      now: new Date(),
    });
    await output.result(status, render(status));
    return status.ok ? 0 : 1;
  } finally {
    await catalog.close();
  }
}

async function askTemporal({ env }: CommandContext, configuration: Configuration): Promise<TemporalStatus> {
  const [{ connectControl }, { hasWorker }, { listOurs }, settings] = await Promise.all([
    import('../../control/client.ts'),
    import('../../control/runs.ts'),
    import('../../schedules/server.ts'),
    temporalSettings(configuration, env),
  ]);
  const control = await connectControl({ settings, env, timeoutMs: temporalPatienceMs });
  try {
    const deadline = Date.now() + temporalPatienceMs;
    const [worker, schedules] = await control.client.withDeadline(deadline, () =>
      Promise.all([
        hasWorker(control),
        // Without an answer in time the rest is still worth telling.
        control.client.schedule
          .withDeadline(deadline, () => listOurs(control.client.schedule))
          .catch(() => []),
      ]),
    );
    return {
      kind: 'reachable',
      address: control.address,
      worker,
      schedules,
    };
  } finally {
    await control.close();
  }
}

function renderStatus(status: Status): string {
  const { sources, temporal, problems } = status;
  return [
    ...(sources.length > 0 ? [renderSources(sources), ''] : []),
    ...renderTemporal(temporal),
    '',
    ...(problems.length === 0
      ? ['All is well.']
      : ['Not well:', ...problems.map((problem) => `  ${problem}`)]),
  ].join('\n');
}

function renderHealth(status: Status): string {
  const levels = { ok: 'ok  ', notice: 'note', warning: 'WARN', critical: 'CRIT' };
  const findings = [...status.findings].sort(
    (left, right) => findingLevels.indexOf(right.level) - findingLevels.indexOf(left.level),
  );
  const lines = findings.flatMap(({ level, check, subject, message, mend }) => [
    `${levels[level]}  ${check} ${subject}: ${message}`,
    ...(mend === undefined ? [] : [`      -> ${mend}`]),
  ]);
  const checks = lines.length > 0 ? lines : ['No check has been made yet: they run by the schedules.'];
  return [...checks, '', renderStatus(status)].join('\n');
}

function renderSources(sources: readonly SourceStatus[]): string {
  const hasCopies = sources.some(({ copies }) => copies.length > 0);
  const columns = [
    { title: 'Source' },
    { title: 'Kind' },
    { title: 'Last run' },
    { title: 'Newest snapshot' },
    ...(hasCopies ? [{ title: 'Copies' }] : []),
  ];
  const rows = sources.map(({ name, kind, lastRun, newestAgeSeconds, copies }) => [
    name,
    kind,
    lastRun === undefined ? 'none' : `${lastRun.status}, ${formatTime(new Date(lastRun.startedAt))}`,
    newestAgeSeconds === undefined ? 'none' : `${formatDuration(newestAgeSeconds * 1000)} ago`,
    ...(hasCopies ? [copies.map(renderCopy).join(', ') || 'none'] : []),
  ]);
  return renderTable(columns, rows);
}

/** "offsite", or how far it is behind: "offsite -3 (1.2 GB)". */
function renderCopy({ repository, snapshots, bytes }: CopyDebt): string {
  return snapshots === 0 ? repository : `${repository} -${snapshots} (${formatBytes(bytes)})`;
}

function renderTemporal(temporal: TemporalStatus): readonly string[] {
  if (temporal.kind === 'unreachable') return ['Temporal   not reachable'];
  const next = temporal.schedules
    .flatMap(({ id, paused, nextAt }) => (paused || nextAt[0] === undefined ? [] : [{ id, at: nextAt[0] }]))
    .sort((left, right) => (left.at < right.at ? -1 : 1))
    .slice(0, 3)
    .map(({ id, at }) => `Next       ${id} at ${formatTime(new Date(at))}`);
  const paused = temporal.schedules.filter((schedule) => schedule.paused).map(({ id }) => id);
  return [
    `Temporal   ${temporal.address}, ${temporal.worker ? 'with a worker' : 'without a worker'}`,
    ...next,
    ...(paused.length > 0 ? [`Paused     ${paused.join(', ')}`] : []),
  ];
}
