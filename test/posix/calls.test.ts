import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadPosixCalls } from '../../posix/calls.ts';

const calls = loadPosixCalls();
let folder = '';

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'resguardo-posix-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function newFile(name: string): Buffer {
  const file = path.join(folder, name);
  writeFileSync(file, '');
  return Buffer.from(file);
}

test('times are set to the nanosecond, before 1970 too', () => {
  const file = newFile('times');
  for (const mtimeNs of [1_700_000_000_987_654_321n, -4_876_543_211n, 0n]) {
    calls.setTimes(file, { atimeNs: 5n, mtimeNs });
    const stat = lstatSync(file, { bigint: true });
    assert.equal(stat.mtimeNs, mtimeNs);
    assert.equal(stat.atimeNs, 5n);
  }
});

test('the times of a link are set, not those of its target', () => {
  const target = newFile('target');
  const before = lstatSync(target, { bigint: true }).mtimeNs;
  const link = Buffer.from(path.join(folder, 'link'));
  symlinkSync('target', link);
  calls.setTimes(link, { atimeNs: 1n, mtimeNs: 2n });
  assert.equal(lstatSync(link, { bigint: true }).mtimeNs, 2n);
  assert.equal(lstatSync(target, { bigint: true }).mtimeNs, before);
});

test('a fifo is made with its mode', () => {
  const fifo = Buffer.from(path.join(folder, 'fifo'));
  calls.makeNode(fifo, 0o010600, 0n);
  const stat = lstatSync(fifo);
  assert.ok(stat.isFIFO());
  assert.equal(stat.mode & 0o777, 0o600);
});

test('a failed call names its code as Node does', () => {
  assert.throws(
    () => calls.setTimes(Buffer.from(path.join(folder, 'missing')), { atimeNs: 0n, mtimeNs: 0n }),
    {
      code: 'ENOENT',
      syscall: 'utimensat',
    },
  );
});

test('extended attributes come back as they were set', (t) => {
  const file = newFile('attributes');
  try {
    calls.setAttribute(file, 'user.note', Buffer.from([0, 1, 255]));
  } catch (error) {
    if (error instanceof Error && 'code' in error && /ENOTSUP|EOPNOTSUPP/.test(String(error.code))) {
      t.skip('the file system of the temporary folder has no extended attributes');
      return;
    }
    throw error;
  }
  assert.deepEqual(
    calls.listAttributes(file).filter((name) => name.startsWith('user.')),
    ['user.note'],
  );
  assert.deepEqual(calls.getAttribute(file, 'user.note'), Buffer.from([0, 1, 255]));
  assert.equal(calls.getAttribute(file, 'user.other'), undefined);
});
