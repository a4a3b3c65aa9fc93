import assert from 'node:assert/strict';
import { openSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import { errorCode } from '../../posix/error-code.ts';

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('errors of the system have their code, a used-up quota among them', () => {
  assert.equal(errorCode(errorOf(() => openSync('/nowhere/at all', 'r'))), 'ENOENT');
  assert.equal(errorCode(errorOf(() => writeFileSync('/dev/full', 'x'))), 'ENOSPC');
  // As Node gives it: its library has no name for this number.
  const errno = -constants.errno.EDQUOT;
  const code = `Unknown system error ${errno}`;
  const quota = Object.assign(new Error(`${code}, fsync`), { errno, code, syscall: 'fsync' });
  assert.equal(errorCode(quota), 'EDQUOT');
  assert.equal(errorCode(new Error('something else')), undefined);
  assert.equal(errorCode('text'), undefined);
});
