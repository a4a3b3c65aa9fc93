import { Failure, type FailureType, isFailure } from '../../contracts/failures.ts';

interface Meaning {
  readonly type: FailureType;
  /** Absent for an error of SQL that has no meaning of its own here. */
  readonly reason?: string;
  readonly advice?: string;
}

const rightsAdvice =
  'Grant SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES and PROCESS to the user of the backup (docs/mysql.md has the statements).';

const cut: Meaning = { type: 'SourceUnreachable', reason: 'the connection was cut' };

/** Codes of Node, of the driver, and of the server (manual of MySQL, "Server Error Message Reference"). */
const meanings: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { type: 'SourceUnreachable', reason: 'nothing listens there' },
  ETIMEDOUT: { type: 'SourceUnreachable', reason: 'it does not answer' },
  EHOSTUNREACH: { type: 'SourceUnreachable', reason: 'there is no way to that host' },
  ENETUNREACH: { type: 'SourceUnreachable', reason: 'there is no way to that network' },
  ENOTFOUND: { type: 'SourceUnreachable', reason: 'the host name is not known' },
  EAI_AGAIN: { type: 'SourceUnreachable', reason: 'the host name cannot be looked up now' },
  ENOENT: { type: 'SourceUnreachable', reason: 'there is no such socket' },
  ENOTDIR: { type: 'SourceUnreachable', reason: 'there is no such socket' },
  ECONNRESET: cut,
  EPIPE: cut,
  PROTOCOL_CONNECTION_LOST: cut,
  ER_CLIENT_INTERACTION_TIMEOUT: cut,
  EACCES: { type: 'SourceAuthentication', reason: 'the socket may not be used by our user' },
  HANDSHAKE_NO_SSL_SUPPORT: {
    type: 'SourceUnsupported',
    reason: 'it does not encrypt connections',
    advice: 'Switch TLS on at the server, or set sslMode to prefer or disable.',
  },
  ER_CON_COUNT_ERROR: { type: 'SourceUnreachable', reason: 'it has no connection left' },
  ER_TOO_MANY_USER_CONNECTIONS: { type: 'SourceUnreachable', reason: 'the user has no connection left' },
  ER_SERVER_SHUTDOWN: { type: 'SourceUnreachable', reason: 'it is shutting down' },
  ER_CONNECTION_KILLED: { type: 'SourceUnreachable', reason: 'the connection was ended there' },
  ER_ACCESS_DENIED_ERROR: { type: 'SourceAuthentication', reason: 'it refuses the user or the password' },
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: { type: 'SourceAuthentication', reason: 'it refuses the user' },
  ER_HOST_NOT_PRIVILEGED: { type: 'SourceAuthentication', reason: 'it lets no one in from this host' },
  ER_HOST_IS_BLOCKED: { type: 'SourceAuthentication', reason: 'it has blocked this host after many errors' },
  ER_MUST_CHANGE_PASSWORD: { type: 'SourceAuthentication', reason: 'the password has expired' },
  ER_ACCOUNT_HAS_BEEN_LOCKED: { type: 'SourceAuthentication', reason: 'the user is locked' },
  ER_SECURE_TRANSPORT_REQUIRED: {
    type: 'SourceAuthentication',
    reason: 'it asks for an encrypted connection',
  },
  AUTH_SWITCH_PLUGIN_ERROR: {
    type: 'SourceUnsupported',
    reason: 'its way to prove a password is not supported',
  },
  ER_DBACCESS_DENIED_ERROR: {
    type: 'SourceAuthentication',
    reason: 'a right is missing',
    advice: rightsAdvice,
  },
  ER_TABLEACCESS_DENIED_ERROR: {
    type: 'SourceAuthentication',
    reason: 'a right is missing',
    advice: rightsAdvice,
  },
  ER_SPECIFIC_ACCESS_DENIED_ERROR: {
    type: 'SourceAuthentication',
    reason: 'a right is missing',
    advice: rightsAdvice,
  },
  ER_BAD_DB_ERROR: { type: 'SourceMissing', reason: 'there is no such database' },
  ER_LOCK_WAIT_TIMEOUT: { type: 'Stalled', reason: 'a lock was not to be had in time' },
};

/** Codes of Node for a certificate that is not trusted. */
const certificateCode = /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^HANDSHAKE_SSL_ERROR$/;

/**
 * Translates an error of a connection or query. `subject` is what was asked, such as `MariaDB at db1:3306`.
 * Failures and reasons of aborts stay as they are.
 */
export function serverFailure(subject: string, error: unknown): Error {
  if (isFailure(error)) return error;
  if (!(error instanceof Error))
    return new Failure('Internal', `${subject}: ${String(error)}`, { cause: error });
  const code = codeOf(error);
  const meaning = meaningOf(code, error);
  const what = meaning.reason === undefined ? 'refused a statement' : `cannot be used: ${meaning.reason}`;
  const detail = code?.startsWith('ER_') === true ? `: ${error.message}` : '';
  return new Failure(meaning.type, `${subject} ${what}${detail}`, {
    cause: error,
    ...(meaning.advice === undefined ? {} : { advice: meaning.advice }),
  });
}

/** Code of an error of Node, of the driver or of the server. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function meaningOf(code: string | undefined, error: Error): Meaning {
  const known = code === undefined ? undefined : meanings[code];
  if (known !== undefined) return known;
  if (code !== undefined && certificateCode.test(code)) {
    return {
      type: 'SourceAuthentication',
      reason: `its certificate is not trusted (${error.message})`,
      advice: 'Correct sslRootCertificate, or the certificate of the server.',
    };
  }
  if (/closed state|Connection lost/.test(error.message)) return cut;
  return code?.startsWith('ER_') === true
    ? { type: 'ToolFailed' }
    : { type: 'ToolFailed', reason: error.message };
}
