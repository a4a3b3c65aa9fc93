import type { Catalog } from '../catalog/catalog.ts';
import type { Run } from '../catalog/run-records.ts';
import { complianceFindings } from '../policy/compliance/check.ts';
import type { RepositoryFacts } from '../policy/compliance/facts.ts';
import type { PlacedSnapshot } from '../policy/placed-snapshot.ts';
import {
  type Found,
  type InspectorOptions,
  type Look,
  orLog,
  reasonOf,
  type WatchedRepository,
} from './inspector.ts';
import { modesOf } from './modes.ts';
import { placed, viewRepository } from './repository-view.ts';
import type { WatchMemory } from './watch-file.ts';

const checks = ['freshness', 'retention', 'copies', 'encryption', 'verification'] as const;

interface Gathered {
  readonly facts: RepositoryFacts;
  readonly snapshots: readonly PlacedSnapshot[];
  readonly memory: WatchMemory | undefined;
}

/** What the policies promise, against what the repositories hold. */
export async function lookAtCompliance(options: InspectorOptions, look: Look): Promise<Found> {
  const verifications = await verificationRuns(options);
  const gathered: Gathered[] = [];
  for (const repository of options.repositories) {
    look.signal.throwIfAborted();
    look.onProgress(repository.repository);
    gathered.push(await gather(options, repository, { look, runs: verifications }));
  }
  const since = Object.assign({}, ...gathered.map(({ memory }) => memory?.sources ?? {}));
  const readable = new Set(
    gathered.filter(({ facts }) => facts.encryption).map(({ facts }) => facts.repository),
  );
  const findings = complianceFindings({
    now: look.now,
    // Of a source whose repository cannot be read nothing can be said; that it cannot is a finding of its own.
    sources: options.sources
      .filter(({ repository }) => readable.has(repository))
      .map((source) => ({ ...source, since: since[source.source] ?? look.now.toISOString() })),
    repositories: gathered.map(({ facts }) => facts),
    snapshots: gathered.flatMap(({ snapshots }) => snapshots),
  });
  return { checks, findings };
}

async function gather(
  options: InspectorOptions,
  { repository, medium, offsite, keyFile }: WatchedRepository,
  { look, runs }: { readonly look: Look; readonly runs: readonly Run[] },
): Promise<Gathered> {
  const [key] = keyFile === undefined ? [] : await modesOf([keyFile], 'secret');
  const base = {
    repository,
    medium,
    offsite,
    ...(key && { keyFile: { path: key.path, mode: key.mode } }),
    ...verified(repository, runs),
  };
  const memory = await options.watch.read(repository).catch(() => undefined);
  try {
    const view = await viewRepository(options, repository, { ...look, known: memory?.state.snapshots ?? [] });
    const encryption = { formatVersion: 2, keyCount: view.keys.length };
    const snapshots = view.snapshots.map((snapshot) => placed(repository, snapshot));
    return { facts: { ...base, encryption }, snapshots, memory };
  } catch (error) {
    look.signal.throwIfAborted();
    options.logger.warn({ err: error, repository }, 'A repository could not be looked at');
    return { facts: { ...base, problem: reasonOf(error) }, snapshots: [], memory };
  }
}

/** Newest verification of each repository, and newest good one. Without a catalog none is known. */
async function verificationRuns({ catalog, logger }: InspectorOptions): Promise<readonly Run[]> {
  const runs: Run[] = [];
  await orLog(logger, 'The verifications could not be read from the catalog', async () => {
    const opened: Catalog = await catalog();
    const workflow = 'verification';
    runs.push(...(await opened.lastGoodRuns(workflow)), ...(await opened.lastRuns(workflow)));
  });
  return runs;
}

function verified(
  repository: string,
  runs: readonly Run[],
): Pick<RepositoryFacts, 'verifiedAt' | 'damageCount'> {
  const newest = runs
    .filter(({ subject, failure }) => subject === repository && isVerdict(failure?.type))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
    .find(({ status }) => status === 'done' || status === 'failed');
  if (newest === undefined) return {};
  const damageCount = newest.status === 'failed' ? Math.max(1, newest.warningCount) : 0;
  return { verifiedAt: newest.finishedAt ?? newest.startedAt, damageCount };
}

/** A verification that could not be made says nothing about damage. */
function isVerdict(failure: string | undefined): boolean {
  return failure === undefined || failure === 'RepositoryDamaged';
}
