import type { HookResult } from '../../contracts/hooks.ts';
import type { BackupSummary } from '../../contracts/jobs.ts';
import { formatBytes, formatCount, formatDuration, formatQuantity, shortId } from './format.ts';

export interface ShownBackup {
  /** Left out when none was made. */
  readonly snapshot?: string | undefined;
  /** Why there is no snapshot. */
  readonly note?: string;
  readonly summary: BackupSummary;
  readonly warningCount: number;
  readonly seconds: number;
  readonly hooks?: readonly HookResult[] | undefined;
}

/** A backup's result in a few lines. */
export function renderBackup(shown: ShownBackup): string {
  const { snapshot, note, summary, warningCount, seconds, hooks = [] } = shown;
  const { filesNew, filesChanged, filesUnmodified, dirsNew, dirsChanged, dirsUnmodified } = summary;
  const lines = [
    `Files    ${changes(filesNew, filesChanged, filesUnmodified)}`,
    `Folders  ${changes(dirsNew, dirsChanged, dirsUnmodified)}`,
    `Read     ${formatQuantity(summary.totalFilesProcessed, 'file')}, ${formatBytes(summary.totalBytesProcessed)} in ${formatDuration(seconds * 1000)}`,
    `Stored   ${formatBytes(summary.dataAddedPacked)} (${formatBytes(summary.dataAdded)} before compression)`,
    `Snapshot ${snapshot === undefined ? `none: ${note ?? ''}` : shortId(snapshot)}`,
  ];
  if (hooks.length > 0) lines.push(`Hooks    ${hooks.map(describeHook).join(', ')}`);
  if (warningCount > 0) {
    lines.push(`In part: ${formatQuantity(warningCount, 'warning')}; what could be read is stored`);
  }
  return lines.join('\n');
}

function changes(added: number, changed: number, unmodified: number): string {
  return `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(unmodified)} unmodified`;
}

/** "before: stop the wiki (1.2 s)". */
export function describeHook({ point, name, status, seconds }: HookResult): string {
  const ending = status === 'failed' ? 'failed after ' : '';
  return `${point}: ${name} (${ending}${formatDuration(seconds * 1000)})`;
}
