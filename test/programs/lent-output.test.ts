import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { runProgram } from '../../programs/run.ts';

const { signal } = new AbortController();

function shell(script: string) {
  return runProgram({ command: 'sh', args: ['-c', script], signal, isLent: true });
}

test('output that is lent comes whole, however slowly it is taken', async () => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of shell('seq 1 1000000').lend()) {
    hash.update(piece);
    bytes += piece.length;
    if (bytes % 3 === 0) await new Promise(setImmediate);
  }
  const expected = Array.from({ length: 1_000_000 }, (_, index) => `${index + 1}\n`).join('');
  assert.equal(bytes, expected.length);
  assert.equal(hash.digest('hex'), createHash('sha256').update(expected).digest('hex'));
});

test('a program that fails after its output fails the one who reads it', async () => {
  const taken: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const piece of shell('printf whole; echo broken >&2; exit 3').lend())
      taken.push(String(piece));
  };
  await assert.rejects(reading(), (error) => isFailure(error, 'ToolFailed') && /broken/.test(error.message));
  assert.deepEqual(taken, ['whole']);
});

test('whoever gives up what is lent ends the program', async () => {
  const program = shell('while :; do echo again; done');
  for await (const piece of program.lend()) {
    assert.match(String(piece), /^again/);
    break;
  }
  await assert.rejects(program.completed);
  assert.throws(() => process.kill(program.pid ?? 0, 0), { code: 'ESRCH' });
});

test('an abort ends what is lent with its reason', async () => {
  const stop = new AbortController();
  const program = runProgram({ command: 'sleep', args: ['600'], signal: stop.signal, isLent: true });
  const reading = program.lend().next();
  stop.abort(new Error('enough'));
  await assert.rejects(reading, /enough/);
});
