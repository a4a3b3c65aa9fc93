import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  ScheduleAlreadyRunning,
  type ScheduleClient,
  ScheduleNotFoundError,
} from '@temporalio/client';
import { ValueError } from '@temporalio/common';
import { Failure } from '../contracts/failures.ts';

/** Longest wait for one answer of the server. */
const answerTimeoutMs = 30_000;

/** gRPC status codes (https://grpc.io/docs/guides/status-codes/). */
const status = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  unavailable: 14,
  unauthenticated: 16,
};

/**
 * Runs one call to the server, with a deadline, and makes its errors readable. `ScheduleNotFoundError` and
 * `ScheduleAlreadyRunning` pass as they are: callers decide on them.
 * @throws {Failure} TemporalUnavailable, InvalidConfiguration, Cancelled
 */
export async function call<T>(client: ScheduleClient, what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + answerTimeoutMs, run);
  } catch (error) {
    throw translated(error, what, client.options.namespace);
  }
}

function translated(error: unknown, what: string, namespace: string): unknown {
  if (error instanceof ScheduleNotFoundError || error instanceof ScheduleAlreadyRunning) return error;
  if (error instanceof Failure) return error;
  if (error instanceof NamespaceNotFoundError) {
    return new Failure('InvalidConfiguration', `${what}: Temporal has no namespace ${namespace}`, {
      advice: 'Correct temporal.namespace, or create it: temporal operator namespace create.',
      cause: error,
    });
  }
  if (error instanceof ValueError) {
    return new Failure(
      'TargetConflict',
      `${what} cannot be read: somebody else has encrypted or encoded it`,
      {
        cause: error,
      },
    );
  }
  const reason = grpcError(error);
  if (reason === undefined) return error;
  switch (reason.code) {
    case status.cancelled:
      return new Failure('Cancelled', `${what}: cancelled`, { cause: error });
    case status.invalidArgument:
      return new Failure('InvalidConfiguration', `${what}: Temporal refuses it: ${reason.details}`, {
        cause: error,
      });
    case status.permissionDenied:
    case status.unauthenticated:
      return new Failure('TemporalUnavailable', `${what}: Temporal does not let us in: ${reason.details}`, {
        advice: 'Check the API key or the client certificate of the Temporal connection.',
        cause: error,
      });
    case status.unavailable:
    case status.deadlineExceeded:
      return new Failure('TemporalUnavailable', `${what}: Temporal does not answer: ${reason.details}`, {
        cause: error,
      });
    default:
      return error;
  }
}

function grpcError(error: unknown) {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return current;
  }
  return undefined;
}
