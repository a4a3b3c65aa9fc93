import { type BackupSourceInput, backupSourceInputSchema, parseInput } from '../contracts/inputs.ts';
import type { BackupResult } from '../contracts/jobs.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { backupWorkflowId } from '../contracts/queues.ts';
import type { Control } from './client.ts';
import { type Run, type StartOptions, startRun } from './runs.ts';

/**
 * Starts the backup of a source.
 * @throws {Failure} InvalidInput, AlreadyRunning, TemporalUnavailable
 */
export async function startBackup(
  control: Control,
  input: BackupSourceInput,
  options: StartOptions = {},
): Promise<Run<BackupResult>> {
  const workflowType = workflowTypes.backupSource;
  return startRun<BackupResult>(control, {
    ...options,
    workflowType,
    workflowId: backupWorkflowId(input.source),
    input: parseInput(workflowType, backupSourceInputSchema, input),
    summary: `Backup **${input.source}**`,
  });
}
