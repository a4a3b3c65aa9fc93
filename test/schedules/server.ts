import { randomBytes } from 'node:crypto';
import { Connection, ScheduleClient, type ScheduleClientOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { schedulesSchema } from '../../configuration/schedules-schema.ts';
import { type ApplyRequest, applySchedules } from '../../schedules/apply.ts';
import { scheduleDefinitions } from '../../schedules/spec.ts';
import { temporalServer } from '../servers/temporal.ts';

export interface ScheduleServer extends AsyncDisposable {
  readonly client: ScheduleClient;
  readonly address: string;
  readonly namespace: string;
}

/** A namespace of the test's own on the shared server: schedules have fixed ids, so tests cannot share one. */
export async function startScheduleServer(
  options: Pick<ScheduleClientOptions, 'dataConverter'> = {},
): Promise<ScheduleServer> {
  const { address } = await temporalServer();
  const connection = await Connection.connect({ address });
  const namespace = `schedules-${randomBytes(4).toString('hex')}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  return {
    client: new ScheduleClient({ connection, namespace, ...options }),
    address,
    namespace,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

export const definitions = (section: unknown = {}) => scheduleDefinitions(schedulesSchema.parse(section));

/** Applies a section `schedules` of the configuration. */
export function apply(client: ScheduleClient, section: unknown = {}, options: Partial<ApplyRequest> = {}) {
  return applySchedules({
    client,
    definitions: definitions(section),
    context: { taskQueue: 'test' },
    ...options,
  });
}
