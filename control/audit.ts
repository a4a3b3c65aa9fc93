import type { AuditDetail, AuditEvent, AuditOrigin, AuditOutcome } from '../audit/entry.ts';
import { isFailure } from '../contracts/failures.ts';

export type { AuditDetail, AuditEvent, AuditOrigin, AuditOutcome };

/**
 * The one way by which command line and API write the audit log. It never throws: a log that cannot be
 * written must stop neither a backup nor a restore, and is told of instead.
 */
export interface AuditPort {
  record(event: AuditEvent): Promise<void>;
}

export interface AuditPortOptions {
  /** Adds an entry to the log. */
  readonly append: (event: AuditEvent) => Promise<unknown>;
  /** Told of each entry that could not be written. */
  readonly onProblem: (error: unknown, event: AuditEvent) => void;
  /** How long an operation waits for the log, which goes on writing after that. */
  readonly patienceMs?: number;
}

/** An operation, as the audit log names it. */
export interface AuditedOperation extends Omit<AuditEvent, 'outcome' | 'subject'> {
  /** An entry for each. */
  readonly subjects: readonly string[];
}

/** How an operation ended, when it did not throw. */
export interface AuditedEnd {
  readonly outcome: AuditOutcome;
  readonly detail?: AuditDetail;
}

const defaultPatienceMs = 5000;

export function createAuditPort(options: AuditPortOptions): AuditPort {
  const { append, onProblem, patienceMs = defaultPatienceMs } = options;
  return {
    async record(event) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error('the catalog did not answer in time')), patienceMs);
      const written = (async () => append(event))();
      try {
        await Promise.race([written, late]);
      } catch (error) {
        onProblem(error, event);
      } finally {
        clearTimeout(timer);
        written.catch(() => undefined);
      }
    },
  };
}

/**
 * Does the work between two entries of each subject: that it was begun, and how it ended. Work that is killed
 * leaves the first.
 */
export async function audited<T>(
  port: AuditPort,
  operation: AuditedOperation,
  work: { readonly run: () => Promise<T>; readonly end: (result: T) => AuditedEnd | undefined },
): Promise<T> {
  const { subjects, detail = {}, ...event } = operation;
  const record = async (outcome: AuditOutcome, more: AuditDetail = {}): Promise<void> => {
    for (const subject of subjects)
      await port.record({ ...event, subject, outcome, detail: { ...detail, ...more } });
  };
  await record('started');
  try {
    const result = await work.run();
    const end = work.end(result);
    if (end !== undefined) await record(end.outcome, end.detail);
    return result;
  } catch (error) {
    await record(isRefusal(error) ? 'refused' : 'failed', failureDetail(error));
    throw error;
  }
}

/** Nothing was done, because what was asked for is not allowed or not possible. */
function isRefusal(error: unknown): boolean {
  return (['InvalidInput', 'InvalidConfiguration', 'AlreadyRunning', 'Unauthorized'] as const).some((type) =>
    isFailure(error, type),
  );
}

function failureDetail(error: unknown): AuditDetail {
  return isFailure(error) ? { failure: error.type, message: error.message } : { failure: 'Internal' };
}
