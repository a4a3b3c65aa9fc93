import { ScheduleClient, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import type { defaultPayloadConverter } from '@temporalio/common';
import { managedBy, type ServerContext, updateOptions } from './mapping.ts';
import { call } from './rpc.ts';
import type { ScheduleDefinition } from './spec.ts';

/** The schedule as the server has it, or undefined if there is none. */
export async function describeSchedule(
  client: ScheduleClient,
  id: string,
): Promise<ScheduleDescription | undefined> {
  try {
    return await call(client, `schedule ${id}`, () => client.getHandle(id).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

/** Whether we made this schedule. */
export function isOurs(schedule: Pick<ScheduleDescription, 'memo'>): boolean {
  return schedule.memo?.managedBy === managedBy;
}

/** A schedule of ours as the server's list has it. */
export interface ListedSchedule {
  readonly id: string;
  readonly paused: boolean;
  /** ISO, UTC; the nearest first. */
  readonly nextAt: readonly string[];
}

/**
 * All schedules that we made, by one call for up to 500 of them. The server's list lags a little behind what it
 * does. The SDK's own list would fail at a memo that somebody else has encrypted.
 */
export async function listOurs(client: ScheduleClient): Promise<readonly ListedSchedule[]> {
  const listed: ListedSchedule[] = [];
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const request = { namespace: client.options.namespace, maximumPageSize: 500, nextPageToken };
    const page = await call(client, 'list of schedules', () => client.workflowService.listSchedules(request));
    for (const { scheduleId, memo, info } of page.schedules) {
      if (!scheduleId || (await memoValue(client, memo?.fields?.managedBy)) !== managedBy) continue;
      const nextAt = (info?.futureActionTimes ?? []).map(isoOf);
      listed.push({ id: scheduleId, paused: info?.paused ?? false, nextAt });
    }
    nextPageToken = page.nextPageToken;
  } while (nextPageToken.length > 0);
  return listed;
}

function isoOf({ seconds }: { readonly seconds?: { toString(): string } | null }): string {
  return new Date(Number(seconds?.toString() ?? 0) * 1000).toISOString();
}

/**
 * Changes a schedule unless it was changed after `current` was read: then nothing happens, and the server
 * says nothing either. So read it again afterwards.
 */
export async function updateSchedule(
  client: ScheduleClient,
  schedule: ScheduleDefinition,
  context: ServerContext,
): Promise<void> {
  let conflictToken: Uint8Array | undefined | null;
  const guarded = withConflictToken(client, () => conflictToken);
  await call(client, `schedule ${schedule.id}`, () =>
    guarded.getHandle(schedule.id).update((current) => {
      conflictToken = current.raw.conflictToken;
      return updateOptions(schedule, context, current);
    }),
  );
}

/** Removes a schedule; one that is gone already is no error. */
export async function deleteSchedule(client: ScheduleClient, id: string): Promise<void> {
  try {
    await call(client, `schedule ${id}`, () => client.getHandle(id).delete());
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

/** The SDK updates without the token, and would undo a pause that an operator makes in between. */
function withConflictToken(
  client: ScheduleClient,
  token: () => Uint8Array | undefined | null,
): ScheduleClient {
  const { connection, options } = client;
  const workflowService = Object.create(connection.workflowService, {
    updateSchedule: {
      value: (request: object) =>
        connection.workflowService.updateSchedule({ ...request, conflictToken: token() ?? null }),
    },
  });
  return new ScheduleClient({
    connection: Object.create(connection, { workflowService: { value: workflowService } }),
    namespace: options.namespace,
    identity: options.identity,
    dataConverter: options.dataConverter,
    interceptors: options.interceptors,
  });
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

async function memoValue(client: ScheduleClient, payload: Payload | undefined): Promise<unknown> {
  if (payload === undefined) return undefined;
  const { payloadCodecs, payloadConverter } = client.options.loadedDataConverter;
  try {
    let payloads = [payload];
    for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
    const [decoded] = payloads;
    return decoded === undefined ? undefined : payloadConverter.fromPayload(decoded);
  } catch {
    // Encrypted or encoded by somebody else: not ours.
    return undefined;
  }
}
