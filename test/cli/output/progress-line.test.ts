import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textWidth } from '../../../cli/output/printable.ts';
import { estimateRemainingMs, renderProgressLine } from '../../../cli/output/progress-line.ts';
import type { Progress } from '../../../contracts/jobs.ts';

const mib = 1024 * 1024;
const progress: Progress = {
  phase: 'capture',
  filesDone: 1200,
  bytesDone: 512 * mib,
  bytesStored: 90 * mib,
  totalBytes: 1024 * mib,
  totalFiles: 3400,
  current: '/srv/data/some/where/far/away/file.bin',
};

test('a line tells phase, share, amounts, rate, time left and the file under way', () => {
  const line = renderProgressLine(
    { title: 'etc', progress, elapsedMs: 5000, bytesPerSecond: 128 * mib },
    200,
  );
  assert.equal(
    line,
    'etc  capture    ██████████░░░░░░░░░░  50%  512.0 MiB of 1.0 GiB  1,200 of 3,400 files  128.0 MiB/s  4.0 s left  /srv/data/some/where/far/away/file.bin',
  );
});

test('a line never is wider than the terminal', () => {
  for (let width = 10; width < 160; width += 1) {
    const line = renderProgressLine({ title: 'etc', progress, elapsedMs: 5000, bytesPerSecond: mib }, width);
    assert.ok(textWidth(line) <= width, `${width}: ${line}`);
  }
});

test('without a total there is no share and no time left, but the time that has passed', () => {
  const { totalBytes: _bytes, totalFiles: _files, current: _current, ...open } = progress;
  const line = renderProgressLine({ title: 'etc', progress: open, elapsedMs: 61_000 }, 200);
  assert.equal(line, 'etc  capture    512.0 MiB  1,200 files  1 min 01 s');
});

test('a source that has grown beyond its estimate is not negative, and not more than whole', () => {
  const grown = { ...progress, bytesDone: 2048 * mib };
  assert.equal(
    estimateRemainingMs({ title: '', progress: grown, elapsedMs: 1, bytesPerSecond: mib }),
    undefined,
  );
  assert.match(renderProgressLine({ title: 'x', progress: grown, elapsedMs: 1 }, 200), /100%/);
});

test('a file name with control characters is shown harmless', () => {
  const hostile = { ...progress, current: 'evil\u001b[2J\nname' };
  const line = renderProgressLine({ title: 'x', progress: hostile, elapsedMs: 1 }, 200);
  assert.ok(line.endsWith('evil\\x1b[2J\\x0aname'));
});
