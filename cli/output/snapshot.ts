import { encodeSnapshot, type Snapshot } from '../../repository/snapshot.ts';
import { formatBytes, formatTime, shortId } from './format.ts';
import { textWidth } from './printable.ts';
import { renderTable } from './table.ts';

/** A snapshot with restic's names of fields, as `restic snapshots --json` has them. */
export function snapshotDocument(snapshot: Snapshot): object {
  const stored: unknown = JSON.parse(encodeSnapshot(snapshot).toString());
  return { ...(stored as object), id: snapshot.id, short_id: shortId(snapshot.id) };
}

/** Oldest first, so that the newest stands where the eye is. */
export function byTime(left: Snapshot, right: Snapshot): number {
  return Date.parse(left.time) - Date.parse(right.time) || (left.id < right.id ? -1 : 1);
}

export function renderSnapshots(snapshots: readonly Snapshot[]): string {
  const rows = snapshots.map((snapshot) => [
    shortId(snapshot.id),
    formatTime(new Date(snapshot.time)),
    snapshot.hostname,
    snapshot.tags.filter((tag) => !tag.startsWith('run:')).join(' '),
    describePaths(snapshot.paths),
    snapshot.summary ? formatBytes(snapshot.summary.totalBytesProcessed) : '',
  ]);
  const columns = [
    { title: 'ID' },
    { title: 'Time' },
    { title: 'Host' },
    { title: 'Tags' },
    { title: 'Paths' },
    { title: 'Size', align: 'right' as const },
  ];
  return renderTable(columns, rows);
}

/** Wide enough for two usual paths; tables that are wider than a terminal cannot be read. */
const pathsWidth = 50;

function describePaths(paths: readonly string[]): string {
  const all = paths.join(' ');
  if (paths.length < 2 || textWidth(all) <= pathsWidth) return all;
  return `${paths[0]} and ${paths.length - 1} more`;
}
