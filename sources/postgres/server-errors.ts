import { certificateCode, connectionFailure, type Meaning, networkMeanings } from '../database-failures.ts';

/** Codes of Node, and SQLSTATE codes of the server (manual of PostgreSQL, appendix A). */
const meanings: Readonly<Record<string, Meaning>> = {
  ...networkMeanings,
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

/**
 * Translates an error of a connection or statement. `subject` is what was asked, such as
 * `PostgreSQL at db1:5432 (database "shop")`.
 */
export function serverFailure(subject: string, error: unknown): Error {
  return connectionFailure(subject, error, { meaningOf, isFromServer: isSqlState });
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
