import { forgottenSince, type IsForgotten } from '../audit/forgotten.ts';
import { AuditLog } from '../audit/log.ts';
import type { Finding } from '../contracts/findings.ts';
import { measureDisks } from '../metrics/disk.ts';
import { encryptionFinding } from '../policy/compliance/check.ts';
import { copyDebt, copyDebtFinding } from '../policy/copies/debt.ts';
import { freshnessFindings } from '../policy/freshness.ts';
import { type PlacedSnapshot, snapshotsByPlace, timeOf } from '../policy/placed-snapshot.ts';
import { compareLooks } from '../policy/security/changes.ts';
import { modesFinding } from '../policy/security/modes.ts';
import { sizeFinding } from '../policy/size.ts';
import { spaceFinding } from '../policy/space.ts';
import type { Snapshot } from '../repository/snapshot.ts';
import {
  type Found,
  type InspectorOptions,
  type Look,
  orLog,
  reasonOf,
  type WatchedRepository,
} from './inspector.ts';
import { modesOf, repositoryModes, stateModes } from './modes.ts';
import { placed, viewRepository } from './repository-view.ts';
import type { WatchMemory } from './watch-file.ts';

const checks = [
  'access',
  'identity',
  'keys',
  'snapshots',
  'encryption',
  'freshness',
  'size',
  'modes',
  'space',
  'copy-debt',
] as const;

/** A removal is noted before it is made, and may take as long. */
const longestRemovalMs = 86_400_000;

/** All that should not have changed, and all that a backup should have left. */
export async function lookAtSecurity(options: InspectorOptions, look: Look): Promise<Found> {
  const findings: Finding[] = [...(await lookAtMachine(options))];
  for (const repository of options.repositories) {
    look.signal.throwIfAborted();
    look.onProgress(repository.repository);
    findings.push(...(await lookAtRepository(options, repository, look)));
  }
  findings.push(...(await lookAtCopies(options, look)));
  return { checks, findings };
}

/** From what each repository held when it was last seen: one that is away has its debt all the same. */
async function lookAtCopies(
  { repositories, sources, watch }: InspectorOptions,
  { now }: Look,
): Promise<readonly Finding[]> {
  const seen = await Promise.all(
    repositories.map(async ({ repository }) => {
      const memory = await watch.read(repository).catch(() => undefined);
      return (memory?.state.snapshots ?? []).map((snapshot) => placed(repository, snapshot));
    }),
  );
  const places = snapshotsByPlace(seen.flat());
  return sources.flatMap(({ copiesIn = [], ...source }) =>
    copiesIn.map((copyIn) => copyDebtFinding(copyDebt(places, { ...source, copyIn }, now), now)),
  );
}

async function lookAtMachine(options: InspectorOptions): Promise<readonly Finding[]> {
  const { stateDir, secretFiles, configurationFile, repositories } = options;
  const configuration = await modesOf(configurationFile === undefined ? [] : [configurationFile], 'public');
  const secrets = await modesOf(secretFiles, 'secret');
  const folders = repositories.flatMap(({ folder }) => folder ?? []);
  const disks = await measureDisks([...new Set([stateDir, ...folders])]);
  return [
    modesFinding('the state folder', await stateModes(stateDir)),
    modesFinding('the configuration and its secrets', [...configuration, ...secrets]),
    ...disks.map(spaceFinding),
  ];
}

async function lookAtRepository(
  options: InspectorOptions,
  watched: WatchedRepository,
  look: Look,
): Promise<readonly Finding[]> {
  const { repository, folder, keyFile } = watched;
  const modes = folder === undefined ? [] : [modesFinding(repository, await repositoryModes(folder))];
  try {
    const memory = await options.watch.read(repository);
    const view = await viewRepository(options, repository, { ...look, known: memory?.state.snapshots ?? [] });
    const isForgotten = await forgottenByUs(options, memory?.state.lookedAt);
    const compared = compareLooks(memory?.state, view, { repository, now: look.now, isForgotten });
    const sources = firstSeen(options, repository, { memory, now: look.now });
    await options.watch.write(repository, { state: compared.next, sources });
    await enterSnapshots(options, repository, { memory, view, now: look.now });
    const [key] = keyFile === undefined ? [] : await modesOf([keyFile], 'secret');
    const { medium, offsite } = watched;
    const facts = {
      ...{ repository, medium, offsite },
      encryption: { formatVersion: 2, keyCount: view.keys.length },
      ...(key && { keyFile: { path: key.path, mode: key.mode } }),
    };
    return [
      {
        check: 'access',
        subject: repository,
        level: 'ok',
        message: `${repository} can be read.`,
        evidence: [],
      },
      ...compared.findings,
      encryptionFinding(facts),
      ...modes,
      ...sourceFindings(options, repository, { snapshots: view.snapshots, sources, now: look.now }),
    ];
  } catch (error) {
    look.signal.throwIfAborted();
    options.logger.warn({ err: error, repository }, 'A repository could not be looked at');
    return [...modes, notRead(repository, error)];
  }
}

/** Nothing is said of freshness where nothing could be read: that is told of instead. */
function notRead(repository: string, error: unknown): Finding {
  return {
    check: 'access',
    subject: repository,
    level: 'critical',
    message: `${repository} cannot be read: ${reasonOf(error)}`,
    evidence: [],
    mend: 'Run `resguardo doctor`; it says what is missing.',
  };
}

interface Seen {
  readonly snapshots: readonly Snapshot[];
  readonly sources: Readonly<Record<string, string>>;
  readonly now: Date;
}

/** Freshness and size of the sources that are backed up to this repository, from what lies in it. */
function sourceFindings(
  options: InspectorOptions,
  repository: string,
  { snapshots, sources, now }: Seen,
): readonly Finding[] {
  const own = options.sources
    .filter((source) => source.repository === repository)
    .map((source) => ({ ...source, since: sources[source.source] ?? now.toISOString() }));
  const all = snapshots.map((snapshot) => placed(repository, snapshot));
  const places = snapshotsByPlace(all);
  return [
    ...freshnessFindings(own, all, now),
    ...own.flatMap(({ source }) => sizeOf(source, places.of(repository, source))),
  ];
}

function sizeOf(source: string, snapshots: readonly PlacedSnapshot[]): readonly Finding[] {
  const sizes = snapshots
    .flatMap(({ time, sizeBytes }) => (sizeBytes === undefined ? [] : [{ time, bytes: sizeBytes }]))
    .toSorted((a, b) => timeOf(a) - timeOf(b));
  const newest = sizes.at(-1);
  return newest ? [sizeFinding(source, newest, sizes.slice(0, -1))] : [];
}

function firstSeen(
  { sources }: InspectorOptions,
  repository: string,
  { memory, now }: { readonly memory: WatchMemory | undefined; readonly now: Date },
): Readonly<Record<string, string>> {
  const own = sources.filter((source) => source.repository === repository);
  return Object.fromEntries(own.map(({ source }) => [source, memory?.sources[source] ?? now.toISOString()]));
}

async function forgottenByUs(
  { catalog, logger }: InspectorOptions,
  since: string | undefined,
): Promise<IsForgotten> {
  let isForgotten: IsForgotten = () => false;
  if (since === undefined) return isForgotten;
  await orLog(logger, 'The audit log could not be read', async () => {
    const log = new AuditLog((await catalog()).database);
    isForgotten = await forgottenSince(log, new Date(Date.parse(since) - longestRemovalMs));
  });
  return isForgotten;
}

/** Lets the catalog know the snapshots, and, when it is new, the runs that made them. */
async function enterSnapshots(
  { catalog, logger, repositories }: InspectorOptions,
  repository: string,
  seen: {
    readonly memory: WatchMemory | undefined;
    readonly view: { readonly snapshots: readonly Snapshot[] };
    readonly now: Date;
  },
): Promise<void> {
  await orLog(logger, 'The snapshots could not be entered into the catalog', async () => {
    const opened = await catalog();
    const list = seen.view.snapshots;
    if (await opened.needsRebuild()) {
      await opened.rebuildFromSnapshots(repository, list, seen.now);
      if (repositories.at(-1)?.repository === repository) await opened.markRebuilt(seen.now);
    } else await opened.syncSnapshots(repository, list, seen.now);
  });
}
