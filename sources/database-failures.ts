import { Failure, type FailureType, isFailure } from '../contracts/failures.ts';
import { ProgramError } from '../programs/run.ts';

/** What an error of a connection or a statement means. */
export interface Meaning {
  readonly type: FailureType;
  /** Absent for an error of SQL that has no meaning of its own here. */
  readonly reason?: string;
  readonly advice?: string;
}

/** What a program means that prints a message like this. */
export interface PrintedMeaning {
  readonly pattern: RegExp;
  readonly type: FailureType;
  readonly advice?: string;
}

/** Codes of Node for a connection. */
export const networkMeanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { type: 'SourceUnreachable', reason: 'nothing listens there' },
  ETIMEDOUT: { type: 'SourceUnreachable', reason: 'it does not answer' },
  EHOSTUNREACH: { type: 'SourceUnreachable', reason: 'there is no way to that host' },
  ENETUNREACH: { type: 'SourceUnreachable', reason: 'there is no way to that network' },
  ENOTFOUND: { type: 'SourceUnreachable', reason: 'the host name is not known' },
  EAI_AGAIN: { type: 'SourceUnreachable', reason: 'the host name cannot be looked up now' },
  ECONNRESET: { type: 'SourceUnreachable', reason: 'the connection was cut' },
  EPIPE: { type: 'SourceUnreachable', reason: 'the connection was cut' },
  ENOENT: { type: 'SourceUnreachable', reason: 'there is no such socket' },
  ENOTDIR: { type: 'SourceUnreachable', reason: 'there is no such socket' },
  EACCES: { type: 'SourceAuthentication', reason: 'the socket may not be used by our user' },
};

/** Codes of Node for a certificate that is not trusted. */
export const certificateCode = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/;

/** Code of an error of Node, of the driver or of the server; of an attempt at several addresses the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** How a server's errors are read. */
export interface ServerErrors {
  readonly meaningOf: (code: string | undefined, error: Error) => Meaning;
  /** Whether the server has given the code: then its message tells what people need. */
  readonly isFromServer: (code: string | undefined) => boolean;
}

/**
 * Translates an error of a connection or statement. `subject` is what was asked, such as `PostgreSQL at db1:5432`.
 * Failures and reasons of aborts stay as they are.
 */
export function connectionFailure(subject: string, error: unknown, errors: ServerErrors): Error {
  if (isFailure(error)) return error;
  if (!(error instanceof Error))
    return new Failure('Internal', `${subject}: ${String(error)}`, { cause: error });
  const code = codeOf(error);
  const { type, reason, advice } = errors.meaningOf(code, error);
  const what = reason === undefined ? 'refused a statement' : `cannot be used: ${reason}`;
  const detail = errors.isFromServer(code) ? `: ${error.message}` : '';
  return new Failure(type, `${subject} ${what}${detail}`, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

/**
 * Translates a failure of a program by what it printed. `subject` is what was done, such as `The dump of the
 * database "shop"`. Other errors stay as they are.
 */
export function printedFailure(
  subject: string,
  error: unknown,
  meanings: readonly PrintedMeaning[],
): unknown {
  if (!isFailure(error, 'ToolFailed') || !(error.cause instanceof ProgramError)) return error;
  const { stderrTail } = error.cause;
  const meaning = meanings.find(({ pattern }) => pattern.test(stderrTail));
  return failedAs(subject, error, meaning ?? error);
}

/** The same failure under the type that it has for what was done. */
export function failedAs(
  subject: string,
  error: Failure,
  { type, advice }: Pick<Meaning, 'type' | 'advice'>,
): Failure {
  return new Failure(type, `${subject} failed: ${error.message}`, {
    cause: error.cause,
    ...(advice === undefined ? {} : { advice }),
  });
}
