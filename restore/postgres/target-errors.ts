import { isFailure } from '../../contracts/failures.ts';
import { ProgramError } from '../../programs/run.ts';
import { codeOf, failedAs, type Meaning } from '../../sources/database-failures.ts';
import { programFailure } from '../../sources/postgres/program-errors.ts';

const fullDisk = {
  type: 'StorageFull',
  advice:
    'Free space on the host of the target server, where it keeps that database; the restore goes on by itself.',
} as const;

/** What errors of a server that takes a restored database mean, by SQLSTATE. */
const meanings: Readonly<Record<string, Meaning>> = {
  '42501': {
    type: 'TargetUnwritable',
    advice: 'Restore as a superuser, or as a user with the right CREATEDB that owns what it restores.',
  },
  '42P04': { type: 'TargetConflict' },
  '53100': fullDisk,
  '53200': { type: 'StorageFull', advice: 'Give the server more memory; the step is tried again.' },
  '0A000': { type: 'SourceUnsupported', advice: 'Restore to a server that was built with ICU.' },
  // Names of locales that this server's system or ICU does not have.
  '22023': { type: 'SourceUnsupported', advice: 'Install the locale on the host of the target server.' },
  '42809': { type: 'SourceUnsupported', advice: 'Install the locale on the host of the target server.' },
};

/** Translates a failure of our own statements at the target. */
export function targetFailure(subject: string, error: unknown): unknown {
  if (!isFailure(error)) return error;
  const code = codeOf(error.cause);
  const meaning = code === undefined ? undefined : meanings[code];
  return meaning === undefined ? error : failedAs(subject, error, meaning);
}

/** Translates a failure of pg_restore. */
export function restoreFailure(subject: string, error: unknown): unknown {
  if (!isFailure(error, 'ToolFailed') || !(error.cause instanceof ProgramError)) return error;
  const { stderrTail } = error.cause;
  if (/No space left on device|could not extend file/.test(stderrTail)) {
    return failedAs(subject, error, fullDisk);
  }
  const translated = programFailure(subject, error);
  if (!isFailure(translated, 'SourceAuthentication')) return translated;
  return failedAs(subject, error, meanings['42501'] ?? { type: 'TargetUnwritable' });
}
