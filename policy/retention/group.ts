/** The parts of a snapshot that retention looks at. */
export interface RetainedSnapshot {
  readonly id: string;
  /** RFC 3339, as the snapshot has it. */
  readonly time: string;
  readonly hostname?: string;
  readonly paths: readonly string[];
  readonly tags?: readonly string[];
}

/** `source` is the tag `source:<name>` where a snapshot has one, else host and paths. */
export type GroupField = 'host' | 'paths' | 'tags' | 'source';

/** Snapshots that compete for the same places; rules are applied to each group by itself. */
export interface SnapshotGroup<S extends RetainedSnapshot> {
  readonly source?: string;
  readonly host?: string;
  readonly paths?: readonly string[];
  readonly tags?: readonly string[];
  readonly snapshots: readonly S[];
}

/** Groups as restic's `--group-by` does; no field puts all snapshots into one group. */
export function groupSnapshots<S extends RetainedSnapshot>(
  snapshots: Iterable<S>,
  fields: readonly GroupField[],
): readonly SnapshotGroup<S>[] {
  const groups = new Map<string, { key: Omit<SnapshotGroup<S>, 'snapshots'>; snapshots: S[] }>();
  for (const snapshot of snapshots) {
    const key = groupKey(snapshot, fields);
    const name = JSON.stringify(key);
    const group = groups.get(name) ?? { key, snapshots: [] };
    group.snapshots.push(snapshot);
    groups.set(name, group);
  }
  return [...groups.values()].map(({ key, snapshots }) => ({ ...key, snapshots }));
}

/** Source that a snapshot belongs to, by its tag. */
export function sourceOf(snapshot: { readonly tags?: readonly string[] }): string | undefined {
  return tagValue(snapshot, 'source');
}

/** Value of the first tag `name:value`. */
export function tagValue(snapshot: { readonly tags?: readonly string[] }, name: string): string | undefined {
  const tag = snapshot.tags?.find((candidate) => candidate.startsWith(`${name}:`));
  return tag?.slice(name.length + 1);
}

function groupKey(
  snapshot: RetainedSnapshot,
  fields: readonly GroupField[],
): Omit<SnapshotGroup<never>, 'snapshots'> {
  const source = fields.includes('source') ? sourceOf(snapshot) : undefined;
  const byPlace = fields.includes('source') && source === undefined;
  return {
    ...(source === undefined ? {} : { source }),
    ...(byPlace || fields.includes('host') ? { host: snapshot.hostname ?? '' } : {}),
    ...(byPlace || fields.includes('paths') ? { paths: snapshot.paths.toSorted() } : {}),
    ...(fields.includes('tags') ? { tags: (snapshot.tags ?? []).toSorted() } : {}),
  };
}
