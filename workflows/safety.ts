import { startChild } from '@temporalio/workflow';
import { parseDuration } from '../contracts/duration.ts';
import type { BackupSourceInput, KeepReplacedInput, RestoreInput } from '../contracts/inputs.ts';
import type { ReplacedDatabases } from '../contracts/jobs.ts';
import { keptUntilTag } from '../contracts/kept-until.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { replacedWorkflowId, safetyWorkflowId } from '../contracts/queues.ts';
import type { backupSource } from './backup-source.ts';
import type { keepReplaced } from './keep-replaced.ts';
import { childRun } from './options.ts';
import type { Story } from './story.ts';

/** What goes before and after a restore that replaces something. */

const hourMs = 3_600_000;
const defaultConfirmMs = hourMs;
const defaultKeepMs = 72 * hourMs;
/** The way back is open from the end of the backup on, and the tag is written at its beginning. */
const longestBackupMs = 7 * 24 * hourMs;

/** A snapshot of all that a source covers, what is replaced included. */
export async function backUpFirst(
  story: Story,
  { keepReplaced }: RestoreInput,
  source: string,
): Promise<string> {
  story.enter('safety');
  const keptUntilMs = Date.parse(story.now()) + longestBackupMs + msOf(keepReplaced, defaultKeepMs);
  const keptUntil = `${keptUntilTag}${new Date(keptUntilMs).toISOString()}`;
  const backup: BackupSourceInput = { source, tags: ['safety', `restore:${story.runId}`, keptUntil] };
  const child = await startChild<typeof backupSource>(workflowTypes.backupSource, {
    ...childRun,
    workflowId: safetyWorkflowId(source),
    args: [backup],
    staticSummary: `Back up **${source}** before a restore replaces it`,
  });
  const { snapshot } = await child.result();
  return snapshot;
}

/** Name of a restore, and how long what it has replaced is kept. */
export function keeping(
  story: Story,
  { keepReplaced }: RestoreInput,
  source: string,
): Pick<ReplacedDatabases, 'restore' | 'until'> {
  const time = story.startedAt.replaceAll(/[-:]|\.\d+Z$/g, '');
  const keepMs = msOf(keepReplaced, defaultKeepMs);
  return {
    restore: `${source}-${time}`,
    until: new Date(Date.parse(story.now()) + keepMs).toISOString(),
  };
}

/** A run of its own keeps what was replaced, so that the next restore of the source need not wait. */
export async function keep({ restore, until, plan, files }: KeepReplacedInput): Promise<void> {
  const what = plan === undefined ? { files } : { plan };
  await startChild<typeof keepReplaced>(workflowTypes.keepReplaced, {
    ...childRun,
    workflowId: replacedWorkflowId(restore),
    args: [{ restore, until, ...what }],
    staticSummary: `Keep what the restore **${restore}** has replaced`,
  });
}

export function confirmWithinMs({ confirmWithin }: RestoreInput): number {
  return msOf(confirmWithin, defaultConfirmMs);
}

function msOf(duration: string | undefined, defaultMs: number): number {
  return duration === undefined ? defaultMs : (parseDuration(duration) ?? defaultMs);
}
