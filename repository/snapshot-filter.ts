import { Failure } from '../contracts/failures.ts';
import { shortId } from './ids.ts';
import { type Snapshot, snapshotTimeMs } from './snapshot.ts';

/** What a snapshot must have; what is left out is not asked. */
export interface SnapshotFilter {
  /** Name of a source: its snapshots have the tag `source:<name>`. */
  readonly source?: string;
  /** One of these. */
  readonly hosts?: readonly string[];
  /** All of these are among its paths. */
  readonly paths?: readonly string[];
  /** All tags of one of these lists are among its tags; an empty tag stands for "none at all". */
  readonly tags?: readonly (readonly string[])[];
  /** Not younger than this: ms since 1970. */
  readonly untilMs?: number;
}

export function matchesFilter(snapshot: Snapshot, filter: SnapshotFilter): boolean {
  const { source, hosts = [], paths = [], tags = [], untilMs = Number.POSITIVE_INFINITY } = filter;
  if (source !== undefined && !snapshot.tags.includes(`source:${source}`)) return false;
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname)) return false;
  if (tags.length > 0 && !tags.some((list) => hasTags(snapshot, list))) return false;
  return paths.every((path) => snapshot.paths.includes(path)) && snapshotTimeMs(snapshot) <= untilMs;
}

function hasTags({ tags }: Snapshot, wanted: readonly string[]): boolean {
  return wanted.every((tag) => (tag === '' ? tags.length === 0 : tags.includes(tag)));
}

/**
 * Chooses the newest snapshot for `latest`, else the one whose id starts so.
 * @throws {Failure} SnapshotNotFound when there is none, or more than one
 */
export async function chooseSnapshot(
  snapshots: AsyncIterable<Snapshot>,
  prefixOrLatest: string,
  filter: SnapshotFilter,
): Promise<Snapshot> {
  let chosen: Snapshot | undefined;
  for await (const snapshot of snapshots) {
    if (!matchesFilter(snapshot, filter)) continue;
    if (prefixOrLatest === 'latest') {
      if (!chosen || isNewer(snapshot, chosen)) chosen = snapshot;
    } else if (snapshot.id.startsWith(prefixOrLatest)) {
      if (chosen) throw ambiguous(prefixOrLatest, [chosen, snapshot]);
      chosen = snapshot;
    }
  }
  if (!chosen) throw notFound(prefixOrLatest, filter);
  return chosen;
}

/** By time, and by id where the times are equal, so that everybody agrees on the latest. */
function isNewer(a: Snapshot, b: Snapshot): boolean {
  const difference = snapshotTimeMs(a) - snapshotTimeMs(b);
  return difference > 0 || (difference === 0 && a.id > b.id);
}

function ambiguous(prefix: string, snapshots: readonly Snapshot[]): Failure {
  const ids = snapshots.map(({ id }) => shortId(id)).join(' and ');
  return new Failure('SnapshotNotFound', `The snapshot id "${prefix}" is ambiguous: ${ids} start so.`, {
    advice: 'Give more digits of the id.',
  });
}

function notFound(wanted: string, { source, hosts, paths, tags }: SnapshotFilter): Failure {
  const wishes = [
    source === undefined ? '' : ` of source ${source}`,
    hosts?.length ? ` of host ${hosts.join(' or ')}` : '',
    paths?.length ? ` with the paths ${paths.join(', ')}` : '',
    tags?.length ? ` with the tags ${tags.map((list) => list.join(', ')).join(' or ')}` : '',
  ].join('');
  const what = wanted === 'latest' ? 'snapshot' : `snapshot "${wanted}"`;
  return new Failure('SnapshotNotFound', `There is no ${what}${wishes} in the repository.`);
}
