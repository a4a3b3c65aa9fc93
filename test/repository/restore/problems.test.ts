import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FailureType, isFailure } from '../../../contracts/failures.ts';
import type { Warning } from '../../../contracts/jobs.ts';
import { RestoreProblems } from '../../../repository/restore/problems.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: something`), { code, syscall: 'write' });
}

/** What the system really throws when a disk is full. */
function fullDisk(): unknown {
  try {
    writeFileSync('/dev/full', 'x');
  } catch (error) {
    return error;
  }
  return undefined;
}

test('what would fail every further item stops the restore, with its own failure', () => {
  const problems = new RestoreProblems('/target', () => {});
  const expected: readonly (readonly [unknown, FailureType])[] = [
    [fullDisk(), 'StorageFull'],
    [systemError('EDQUOT'), 'StorageFull'],
    [systemError('EACCES'), 'TargetUnwritable'],
    [systemError('EROFS'), 'TargetUnwritable'],
    [systemError('EEXIST'), 'TargetConflict'],
    [systemError('ELOOP'), 'TargetConflict'],
  ];
  for (const [error, type] of expected) {
    assert.throws(
      () => problems.item('/a', error),
      (thrown) => isFailure(thrown, type) && thrown.cause === error,
      type,
    );
  }
});

test('what concerns one item alone is a warning', () => {
  const warnings: Warning[] = [];
  const problems = new RestoreProblems('/target', (warning) => warnings.push(warning));
  problems.item('/device', systemError('EPERM'));
  problems.item('/long name', systemError('ENAMETOOLONG'));
  assert.deepEqual(
    warnings.map(({ subject }) => subject),
    ['/device', '/long name'],
  );
  problems.throwDamage();
});

test('attributes that the target cannot hold are told once', () => {
  const warnings: Warning[] = [];
  const problems = new RestoreProblems('/target', (warning) => warnings.push(warning));
  for (const path of ['/a', '/b']) {
    problems.metadata(path, [{ part: 'extended attributes', error: systemError('ENOTSUP') }]);
    problems.metadata(path, [{ part: 'times', error: systemError('EINVAL') }]);
  }
  assert.deepEqual(
    warnings.map(({ subject, message }) => `${subject} ${/times|attributes/.exec(message)}`),
    ['/a attributes', '/a times', '/b times'],
  );
});
