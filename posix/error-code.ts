import { constants } from 'node:os';

/**
 * The code of an error of the system or of a library, such as ENOSPC; undefined when it has none. libuv does not know
 * that of a used-up quota, so that Node calls it "Unknown system error -122".
 */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('errno' in error && error.errno === -constants.errno.EDQUOT) return 'EDQUOT';
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
