import { certificateCode, connectionFailure, type Meaning, networkMeanings } from '../database-failures.ts';

const rightsAdvice =
  'Grant SELECT, SHOW VIEW, TRIGGER, EVENT and PROCESS to the user of the backup (docs/mysql.md has the statements).';

const cut: Meaning = { type: 'SourceUnreachable', reason: 'the connection was cut' };

/** Codes of Node, of the driver, and of the server (manual of MySQL, "Server Error Message Reference"). */
const meanings: Readonly<Record<string, Meaning>> = {
  ...networkMeanings,
  PROTOCOL_CONNECTION_LOST: cut,
  ER_CLIENT_INTERACTION_TIMEOUT: cut,
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

/** Translates an error of a connection or statement. `subject` is what was asked, such as `MariaDB at db1:3306`. */
export function serverFailure(subject: string, error: unknown): Error {
  return connectionFailure(subject, error, { meaningOf, isFromServer });
}

function meaningOf(code: string | undefined, error: Error): Meaning {
  const known = code === undefined ? undefined : meanings[code];
  if (known !== undefined) return known;
  if (code !== undefined && (certificateCode.test(code) || code === 'HANDSHAKE_SSL_ERROR')) {
    return {
      type: 'SourceAuthentication',
      reason: `its certificate is not trusted (${error.message})`,
      advice: 'Correct sslRootCertificate, or the certificate of the server.',
    };
  }
  if (/closed state|Connection lost/.test(error.message)) return cut;
  return isFromServer(code) ? { type: 'ToolFailed' } : { type: 'ToolFailed', reason: error.message };
}

function isFromServer(code: string | undefined): boolean {
  return code?.startsWith('ER_') === true;
}
