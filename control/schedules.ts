import type { SchedulesConfiguration } from '../configuration/schedules-schema.ts';
import { controlQueue } from '../contracts/queues.ts';
import { type ApplyRequest, applySchedules, type ScheduleChange } from '../schedules/apply.ts';
import { daylightWarnings } from '../schedules/daylight.ts';
import { scheduleDefinitions } from '../schedules/spec.ts';
import type { Control } from './client.ts';

export interface AppliedSchedules {
  readonly changes: readonly ScheduleChange[];
  /** Times that the change of the clocks skips or doubles. */
  readonly warnings: readonly string[];
}

/**
 * Makes the server have the schedules that the configuration asks for; with `dryRun` it only tells.
 * @throws {Failure} as `applySchedules`
 */
export async function applyConfiguredSchedules(
  { client, encryptionKeyId }: Control,
  configuration: SchedulesConfiguration,
  options: Pick<ApplyRequest, 'dryRun' | 'force'> = {},
): Promise<AppliedSchedules> {
  const definitions = scheduleDefinitions(configuration);
  const changes = await applySchedules({
    client: client.schedule,
    definitions,
    context: { taskQueue: controlQueue, ...(encryptionKeyId === undefined ? {} : { encryptionKeyId }) },
    ...options,
  });
  const now = new Date();
  return { changes, warnings: definitions.flatMap((schedule) => daylightWarnings(schedule, now)) };
}
