import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ModeFact, modesFinding } from '../../../policy/security/modes.ts';

const file = (mode: number, kind: ModeFact['kind']): ModeFact => ({
  path: '/srv/x',
  mode: 0o100000 | mode,
  kind,
  isFolder: false,
});

const cases: readonly (readonly [number, ModeFact['kind'], string])[] = [
  [0o600, 'secret', 'ok'],
  [0o400, 'secret', 'ok'],
  [0o640, 'secret', 'critical'],
  [0o600, 'state', 'ok'],
  [0o644, 'state', 'warning'],
  [0o620, 'state', 'critical'],
  [0o644, 'public', 'ok'],
  [0o664, 'public', 'critical'],
];

for (const [mode, kind, level] of cases) {
  test(`a file of mode ${mode.toString(8)} that is ${kind} is ${level}`, () => {
    assert.equal(modesFinding('main', [file(mode, kind)]).level, level);
  });
}

test('the mend gives folders 700, files 600, and takes no more from public ones than the right to write', () => {
  const folder = { path: '/srv/repository', mode: 0o40755, kind: 'state', isFolder: true } as const;
  const { mend = '' } = modesFinding('main', [folder, file(0o644, 'secret'), file(0o666, 'public')]);
  assert.match(mend, /chmod 700 \/srv\/repository`, `chmod 600 \/srv\/x`, `chmod 644 \/srv\/x/);
});

test('nothing to look at is well', () => {
  assert.equal(modesFinding('main', []).level, 'ok');
});
