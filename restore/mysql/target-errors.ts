import { isFailure } from '../../contracts/failures.ts';
import { codeOf, failedAs, type Meaning } from '../../sources/database-failures.ts';

const denied: Meaning = {
  type: 'TargetUnwritable',
  advice:
    'Restore as a user with all rights on the databases that are made, and SUPER, SET USER (MariaDB) or SET_ANY_DEFINER (MySQL) where definers are others (docs/mysql.md).',
};

/** What errors of a server that takes a restored database mean. */
const meanings: Readonly<Record<string, Meaning>> = {
  ER_DBACCESS_DENIED_ERROR: denied,
  ER_TABLEACCESS_DENIED_ERROR: denied,
  ER_SPECIFIC_ACCESS_DENIED_ERROR: denied,
  ER_PROCACCESS_DENIED_ERROR: denied,
  ER_OPTION_PREVENTS_STATEMENT: {
    type: 'TargetUnwritable',
    advice: 'Restore to a server that is not read-only.',
  },
  ER_DISK_FULL: { type: 'StorageFull' },
  ER_RECORD_FILE_FULL: { type: 'StorageFull' },
  ER_NET_PACKET_TOO_LARGE: {
    type: 'RestoreBlocked',
    advice: 'Raise max_allowed_packet of the target server: it refuses the largest row.',
  },
  ER_UNKNOWN_COLLATION: {
    type: 'SourceUnsupported',
    advice: 'Restore to a server as new as the recorded one.',
  },
  ER_UNKNOWN_STORAGE_ENGINE: {
    type: 'SourceUnsupported',
    advice: 'Switch the storage engine on at the target.',
  },
};

/** Translates a failure of our own statements at the target. `subject`: "Loading the database "shop"". */
export function targetFailure(subject: string, error: unknown): unknown {
  if (!isFailure(error)) return error;
  const code = codeOf(error.cause);
  const meaning = code === undefined ? undefined : meanings[code];
  return meaning === undefined ? error : failedAs(subject, error, meaning);
}
