import { Failure, type FailureType, isFailure } from '../../contracts/failures.ts';

/** What an error of a connection or query means. */
interface Meaning {
  readonly type: FailureType;
  /** Absent for an error of SQL that has no meaning of its own here. */
  readonly reason?: string;
  readonly advice?: string;
}

/** Error codes of Node, and SQLSTATE codes of the server (manual of PostgreSQL, appendix A). */
const meanings: Readonly<Record<string, Meaning>> = {
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
  '53300': { type: 'SourceUnreachable', reason: 'it has no connection left' },
  '57P01': { type: 'SourceUnreachable', reason: 'it is shutting down' },
  '57P02': { type: 'SourceUnreachable', reason: 'it crashed' },
  '57P03': { type: 'SourceUnreachable', reason: 'it is starting up or shutting down' },
  '57P05': { type: 'SourceUnreachable', reason: 'it ended an idle session' },
  '25P03': { type: 'SourceUnreachable', reason: 'it ended an idle transaction' },
  '28P01': { type: 'SourceAuthentication', reason: 'it refuses the password' },
  '28000': { type: 'SourceAuthentication', reason: 'it refuses the user' },
  '3D000': { type: 'SourceMissing', reason: 'there is no such database' },
  '42501': {
    type: 'SourceAuthentication',
    reason: 'the user lacks a right',
    advice: 'Grant the role pg_read_all_data to the user, and CONNECT on the databases; or use a superuser.',
  },
  '55P03': { type: 'Stalled', reason: 'a lock was not to be had in time' },
  '57014': { type: 'Stalled', reason: 'a statement took too long or was cancelled' },
  '40001': {
    type: 'SourceUnreachable',
    reason: 'the standby had to give up our snapshot',
    advice: 'Set hot_standby_feedback = on at the standby, or raise max_standby_streaming_delay.',
  },
};

/** Messages of the driver that carry no code. */
const messageMeanings: readonly (readonly [RegExp, Meaning])[] = [
  [/^timeout expired$/, { type: 'SourceUnreachable', reason: 'it does not answer in time' }],
  [/^Connection terminated/, { type: 'SourceUnreachable', reason: 'the connection was cut' }],
  [
    /client password must be/,
    { type: 'SourceAuthentication', reason: 'it asks for a password and none is configured' },
  ],
  [
    /does not support SSL connections/,
    {
      type: 'SourceUnsupported',
      reason: 'it does not encrypt connections',
      advice: 'Switch ssl on at the server, or set sslmode to prefer or disable.',
    },
  ],
];

/** Codes of Node for a certificate that is not trusted. */
const certificateCode = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/;

/**
 * Translates an error of a connection or query. `subject` is what was asked, such as
 * `PostgreSQL at db1:5432 (database "shop")`. Failures and reasons of aborts stay as they are.
 */
export function serverFailure(subject: string, error: unknown): Error {
  if (isFailure(error)) return error;
  if (!(error instanceof Error))
    return new Failure('Internal', `${subject}: ${String(error)}`, { cause: error });
  const code = codeOf(error);
  const meaning = meaningOf(code, error);
  const what = meaning.reason === undefined ? 'refused a query' : `cannot be used: ${meaning.reason}`;
  const detail = isSqlState(code) ? `: ${error.message}` : '';
  return new Failure(meaning.type, `${subject} ${what}${detail}`, {
    cause: error,
    ...(meaning.advice === undefined ? {} : { advice: meaning.advice }),
  });
}

/** Code of an error of Node or of the server; of an attempt at several addresses the first. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function meaningOf(code: string | undefined, error: Error): Meaning {
  const known = code === undefined ? undefined : meanings[code];
  if (known !== undefined) return known;
  if (code?.startsWith('08')) return { type: 'SourceUnreachable', reason: 'the connection failed' };
  if (code !== undefined && certificateCode.test(code)) {
    return {
      type: 'SourceAuthentication',
      reason: `its certificate is not trusted (${error.message})`,
      advice: 'Correct sslrootcert, or the certificate of the server.',
    };
  }
  const worded = messageMeanings.find(([pattern]) => pattern.test(error.message));
  if (worded !== undefined) return worded[1];
  return isSqlState(code) ? { type: 'ToolFailed' } : { type: 'ToolFailed', reason: error.message };
}

function isSqlState(code: string | undefined): boolean {
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
}
