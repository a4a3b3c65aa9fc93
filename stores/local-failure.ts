import { Failure, type FailureType, isFailure } from '../contracts/failures.ts';
import { errorCode } from '../posix/error-code.ts';

const full = new Set(['ENOSPC', 'EDQUOT']);
const forbidden = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
]);

/**
 * Translates an error of the file system. An abort stays what the signal gave, a `Failure` stays itself.
 * @param operation what was done with the path
 */
export function localFailure(
  error: unknown,
  operation: 'read' | 'write',
  path: string,
  signal: AbortSignal | undefined,
): unknown {
  if (isFailure(error)) return error;
  if (signal?.aborted) return signal.reason;
  const code = errorCode(error);
  if (code === undefined) return error;
  const verb = operation === 'read' ? 'read' : 'written';
  return new Failure(failureType(code), `${path} cannot be ${verb}: ${reason(code)} (${code}).`, {
    cause: error,
    ...advice(code, operation, path),
  });
}

function failureType(code: string): FailureType {
  if (full.has(code)) return 'StorageFull';
  return forbidden.has(code) ? 'RepositoryUnwritable' : 'StoreUnavailable';
}

function reason(code: string): string {
  const reasons: Record<string, string> = {
    ENOSPC: 'the file system is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is mounted read-only',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'a file stands where a folder should be',
    EIO: 'the disk reports an error',
    ENOENT: 'its folder is not there',
    EMFILE: 'too many files are open',
  };
  return reasons[code] ?? 'the system refuses';
}

function advice(code: string, operation: 'read' | 'write', path: string): { advice?: string } {
  if (operation === 'read' && (code === 'EACCES' || code === 'EPERM')) {
    return { advice: `Give the user of the worker the right to read ${path}.` };
  }
  if (code === 'EROFS')
    return { advice: `Mount the file system of ${path} writable, or choose another place.` };
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return { advice: 'Choose a path that is a folder or does not exist.' };
  if (failureType(code) !== 'StoreUnavailable') return {};
  return { advice: `Check that the disk which holds ${path} is mounted and whole.` };
}
