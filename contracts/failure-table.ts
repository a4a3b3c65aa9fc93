import type { FailureRule } from './failure-rule.ts';
import { serviceFailures } from './service-failures.ts';

export type { FailureRule };

/**
 * The one failure table. The Temporal retry policy, the CLI's exit codes, the API's status codes and
 * `docs/failures.md` derive from it; a test compares the page with the table.
 */

export const failureRules = {
  InvalidInput: {
    retryable: false,
    exitCode: 2,
    httpStatus: 400,
    advice: 'Correct the named field and start again.',
  },
  InvalidConfiguration: {
    retryable: false,
    exitCode: 2,
    httpStatus: 400,
    advice: 'Correct the named field of the configuration file.',
  },
  SecretUnavailable: {
    retryable: false,
    exitCode: 2,
    httpStatus: 500,
    advice: 'Set the environment variable, or create the file, that the reference names.',
  },
  ToolMissing: {
    retryable: false,
    exitCode: 1,
    httpStatus: 500,
    advice: 'Install the named program, or put it on the PATH of the worker.',
  },
  ToolFailed: {
    retryable: true,
    exitCode: 1,
    httpStatus: 500,
    advice: 'Read the last lines that the program printed; they name the cause.',
  },
  HookFailed: {
    retryable: false,
    exitCode: 1,
    httpStatus: 500,
    advice: 'Run the command by hand on the host that the hook belongs to, as the user of the worker.',
  },
  SourceUnreachable: {
    retryable: true,
    exitCode: 1,
    httpStatus: 503,
    advice: 'Check that the server runs and that the host and port are right.',
  },
  SourceAuthentication: {
    retryable: false,
    exitCode: 1,
    httpStatus: 502,
    advice: 'Correct the user or the password that the source refers to.',
  },
  SourceMissing: {
    retryable: false,
    exitCode: 1,
    httpStatus: 404,
    advice: 'Correct the path or the database name of the source, or restore what was removed.',
  },
  SourceUnsupported: {
    retryable: false,
    exitCode: 1,
    httpStatus: 422,
    advice: 'Use a supported version, or another kind of source.',
  },
  AgentOffline: {
    retryable: false,
    exitCode: 1,
    httpStatus: 503,
    advice: 'Start `resguardo worker` on the host that the source belongs to.',
  },
  RepositoryNotFound: {
    retryable: false,
    exitCode: 10,
    httpStatus: 404,
    advice: 'Check the repository URL, or create the repository with `resguardo repo init`.',
  },
  RepositoryMoved: {
    retryable: false,
    exitCode: 10,
    httpStatus: 410,
    advice:
      'Set the URL of the repository to the new place on every host, and start the workers there anew; or move it back.',
  },
  RepositoryExists: {
    retryable: false,
    exitCode: 1,
    httpStatus: 409,
    advice: 'Use the existing repository, or choose another place.',
  },
  RepositoryLocked: {
    retryable: true,
    exitCode: 11,
    httpStatus: 423,
    advice:
      'Wait for the other operation; remove a lock that a dead process left with `resguardo repo unlock`.',
  },
  WrongKey: {
    retryable: false,
    exitCode: 12,
    httpStatus: 401,
    advice: 'Check the password or key that the repository refers to.',
  },
  RepositoryDamaged: {
    retryable: false,
    exitCode: 4,
    httpStatus: 500,
    advice: 'Run `resguardo repo check --read-data` to learn what is affected; other snapshots may be whole.',
  },
  RepositoryUnsupported: {
    retryable: false,
    exitCode: 1,
    httpStatus: 422,
    advice: 'Use a repository of format version 2.',
  },
  ObjectArchived: {
    retryable: false,
    exitCode: 1,
    httpStatus: 409,
    advice:
      'Restore with `--thaw bulk`, `standard` or `expedited`: the data is asked for, waited for, and restored.',
  },
  RepositoryUnwritable: {
    retryable: false,
    exitCode: 1,
    httpStatus: 403,
    advice: 'Give the user of the worker the right to write to the repository.',
  },
  StoreUnavailable: {
    retryable: true,
    exitCode: 1,
    httpStatus: 503,
    advice: 'Check the network and the service that holds the repository.',
  },
  StoreAuthentication: {
    retryable: false,
    exitCode: 1,
    httpStatus: 502,
    advice: 'Correct the credentials of the service that holds the repository, or renew them.',
  },
  StoreForbidden: {
    retryable: false,
    exitCode: 1,
    httpStatus: 403,
    advice: 'Grant the named right to the credentials that the repository uses.',
  },
  StorageFull: {
    retryable: true,
    exitCode: 1,
    httpStatus: 507,
    advice:
      'Free space on the named file system; the run goes on by itself, and nothing already stored is lost.',
  },
  SnapshotNotFound: {
    retryable: false,
    exitCode: 1,
    httpStatus: 404,
    advice: 'List the snapshots with `resguardo snapshots`.',
  },
  PathEscape: {
    retryable: false,
    exitCode: 4,
    httpStatus: 422,
    advice: 'Do not trust this snapshot: it names a path outside of the restore target.',
  },
  TargetConflict: {
    retryable: false,
    exitCode: 1,
    httpStatus: 409,
    advice: 'Choose a target that does not exist yet.',
  },
  TargetUnwritable: {
    retryable: false,
    exitCode: 1,
    httpStatus: 403,
    advice: 'Give the user of the worker the right to write to the target, or choose another target.',
  },
  RestoreBlocked: {
    retryable: false,
    exitCode: 1,
    httpStatus: 422,
    advice: 'Mend what the message names, and look again with `resguardo restore --plan`.',
  },
  NotConfirmed: {
    retryable: false,
    exitCode: 1,
    httpStatus: 409,
    advice: 'Start the restore again, and confirm it with the name of what is overwritten.',
  },
  RestoreMismatch: {
    retryable: false,
    exitCode: 4,
    httpStatus: 500,
    advice: 'Keep the target for inspection, and check the repository with `resguardo verify --read-data`.',
  },
  Stalled: {
    retryable: true,
    exitCode: 1,
    httpStatus: 504,
    advice: 'Look at the load and the locks of the source; the step is tried again.',
  },
  TemporalUnavailable: {
    retryable: true,
    exitCode: 1,
    httpStatus: 503,
    advice: 'Start Temporal with `resguardo up`, or correct `temporal.address` or TEMPORAL_ADDRESS.',
  },
  CatalogUnavailable: {
    retryable: true,
    exitCode: 1,
    httpStatus: 503,
    advice:
      'Start the server of the catalog, or wait for the process that holds it. Backups and restores do not need it.',
  },
  CatalogUnwritable: {
    retryable: false,
    exitCode: 1,
    httpStatus: 500,
    advice:
      'Run as the user that owns the state folder, or set `stateDir` to a folder that this user may write.',
  },
  CatalogDamaged: {
    retryable: false,
    exitCode: 1,
    httpStatus: 500,
    advice: 'Move the file away and start again: the catalog is built anew from the repositories.',
  },
  CatalogUnsupported: {
    retryable: false,
    exitCode: 1,
    httpStatus: 500,
    advice: 'Update Resguardo here: a newer version has changed the catalog already.',
  },
  AuditBroken: {
    retryable: false,
    exitCode: 4,
    httpStatus: 500,
    advice: 'Keep the database as it is, compare it with the last export, and find out who changed it.',
  },
  ...serviceFailures,
  AlreadyRunning: {
    retryable: false,
    exitCode: 1,
    httpStatus: 409,
    advice: 'Wait for the run under way, or cancel it.',
  },
  Cancelled: {
    retryable: false,
    exitCode: 130,
    httpStatus: 409,
    advice: 'Start again when you are ready; what was stored is used.',
  },
  Internal: {
    retryable: true,
    exitCode: 1,
    httpStatus: 500,
    advice: 'This is a fault of Resguardo. Please report it with the log of the run.',
  },
} as const satisfies Record<string, FailureRule>;
