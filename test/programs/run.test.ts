import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer, text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { Failure } from '../../contracts/failures.ts';
import { captureProgram } from '../../programs/capture.ts';
import { ProgramError, type ProgramRequest, runProgram } from '../../programs/run.ts';
import { Secret } from '../../secrets/secret.ts';
import { failureOf } from '../failure-of.ts';

const needsProc = platform() === 'linux' ? false : 'looks into /proc';

/** A request for a script; its words are `$1`, `$2` … */
function script(code: string, words: readonly string[] = []) {
  return {
    command: 'sh',
    args: ['-c', code, 'sh', ...words],
    signal: new AbortController().signal,
  } satisfies ProgramRequest;
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'programs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A fifo that yields what processes write to it and ends when the last of them is gone. */
async function fifoIn(folder: string) {
  const path = join(folder, 'fifo');
  await captureProgram(script('mkfifo "$1"', [path]));
  return { path, lines: createInterface({ input: createReadStream(path) })[Symbol.asyncIterator]() };
}

test('the output of a program that succeeds is read to its end', async () => {
  const program = runProgram(script('printf "hello "; echo careful >&2; printf world'));
  assert.equal(await text(program.stdout), 'hello world');
  assert.deepEqual(await program.completed, { stderrTail: 'careful' });
});

test('an exit status after whole output is a failure of the stream', async () => {
  const program = runProgram(script('echo all of it; echo "disk on fire" >&2; exit 3'));
  const failure = await failureOf(text(program.stdout), 'ToolFailed');
  assert.equal(failure.message, 'sh failed with exit status 3: disk on fire');
  assert.ok(failure.cause instanceof ProgramError);
  assert.deepEqual(failure.cause.end, { exitStatus: 3 });
  await failureOf(program.completed, 'ToolFailed');
});

test('a program that is killed names the signal, and who may have sent it', async () => {
  const failure = await failureOf(captureProgram(script('kill -9 $$')), 'ToolFailed');
  assert.match(failure.message, /sh was ended by SIGKILL/);
  assert.match(failure.advice, /the kernel for lack of memory/);
});

test('a missing program is named, with the way to get it', async () => {
  const request = {
    ...script(''),
    command: 'no-such-program',
    installAdvice: 'Install the package nothing.',
  };
  const failure = await failureOf(captureProgram(request), 'ToolMissing');
  assert.match(failure.message, /^The program no-such-program was not found in \//);
  assert.equal(failure.advice, 'Install the package nothing.');
});

test('a program sees a minimal environment and what it is given, and no more', async (t) => {
  process.env.RESGUARDO_CANARY = 'canary';
  t.after(() => delete process.env.RESGUARDO_CANARY);
  const { stdout } = await captureProgram({ ...script('env; pwd'), env: { EXTRA: 'one' } });
  const names = stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0]);
  const expected = ['/', 'EXTRA', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'PWD', 'TZ'];
  assert.deepEqual(
    names.filter((name) => name !== 'TMPDIR' && name !== '_' && name !== 'OLDPWD').sort(),
    expected,
  );
});

test('a program runs in the folder that is asked for', async (t) => {
  const folder = await temporaryFolder(t);
  const { stdout } = await captureProgram({ ...script('pwd'), workingFolder: folder });
  assert.equal(stdout.toString().trim(), folder);
});

test('arguments reach the program as they are', async () => {
  const words = ['-f', '--file=/etc/x', '$(id)', '`id`', 'a b', "o'clock", 'new\nline', '', '; exit 1', '*'];
  const { stdout } = await captureProgram({ ...script(''), command: 'printf', args: ['%s\\0', ...words] });
  assert.deepEqual(stdout.toString().split('\0').slice(0, -1), words);
});

test('secrets are struck out of what a program prints', async () => {
  const password = new Secret('p@ss word');
  const key = new Secret('first line\nsecond line');
  const code = 'echo "no entry with p@ss word (p%40ss%20word)" >&2; tail -n 1 "$KEY" >&2; exit 1';
  const request = { ...script(code), secrets: [password], secretFiles: { KEY: key } };
  const { message } = await failureOf(captureProgram(request), 'ToolFailed');
  assert.equal(message, 'sh failed with exit status 1: no entry with [secret] ([secret])\n[secret]');
});

test('of long messages the last 4 KB are kept, and no part of a secret at the cut', async () => {
  const secret = new Secret('sesame-open-sesame');
  // However the lines fall, a secret would be cut somewhere.
  for (const filler of ['', 'x', 'xxxx', 'xxxxxxxxx']) {
    const code =
      'i=0; while [ $i -lt 600 ]; do echo "sesame-open-sesame" >&2; i=$((i+1)); done; printf "%s" "$1" >&2; exit 1';
    const failure = await failureOf(
      captureProgram({ ...script(code, [filler]), secrets: [secret] }),
      'ToolFailed',
    );
    assert.doesNotMatch(failure.message, /sesame|open|ame$/);
    assert.ok(failure.message.length < 4200);
  }
});

test('a secret file is read by the program and seen by nobody else', { skip: needsProc }, async (t) => {
  const folder = await temporaryFolder(t);
  const fifo = await fifoIn(folder);
  const secret = new Secret('canary-0f9d');
  const code = 'exec 9>"$1"; stat -L -c %a "$FILE" >&9; cat "$FILE" >&9; echo >&9; exec sleep 600';
  const stop = new AbortController();
  const program = runProgram({
    ...script(code, [fifo.path]),
    secretFiles: { FILE: secret },
    signal: stop.signal,
  });
  assert.equal((await fifo.lines.next()).value, '600');
  assert.equal((await fifo.lines.next()).value, 'canary-0f9d');
  const commandLine = await readFile(`/proc/${program.pid}/cmdline`, 'utf8');
  const environment = await readFile(`/proc/${program.pid}/environ`, 'utf8');
  assert.match(environment, /FILE=\/dev\/fd\/3/);
  assert.doesNotMatch(commandLine + environment, /canary/);
  assert.match(await readlink(`/proc/${program.pid}/fd/3`), / \(deleted\)$/);
  stop.abort(new Failure('Cancelled', 'Stopped'));
  await failureOf(program.completed, 'Cancelled');
});

test('two secret files can be read again and again', async () => {
  const secretFiles = { ONE: new Secret('1'), TWO: new Secret('2') };
  const { stdout } = await captureProgram({ ...script('cat "$ONE" "$TWO" "$ONE"'), secretFiles });
  assert.equal(stdout.toString(), '121');
});

test('a reader that waits makes the program wait', async () => {
  const program = runProgram({ ...script(''), command: 'yes', args: [] });
  await once(program.stdout, 'readable');
  // Until nothing more comes: the pipe is full then.
  let length = -1;
  while (length !== program.stdout.readableLength) {
    length = program.stdout.readableLength;
    await new Promise(setImmediate);
  }
  assert.ok(length <= 4 * program.stdout.readableHighWaterMark, `${length} bytes are waiting`);
  program.stdout.destroy();
  await failureOf(program.completed, 'Cancelled');
});

test('aborting ends the program and all that it started', async (t) => {
  const fifo = await fifoIn(await temporaryFolder(t));
  const stop = new AbortController();
  // The child of the program does not heed SIGTERM.
  const code = `exec 9>"$1"; (trap "" TERM; echo child >&9; while :; do sleep 600; done) & wait`;
  const program = runProgram({ ...script(code, [fifo.path]), signal: stop.signal });
  assert.equal((await fifo.lines.next()).value, 'child');
  stop.abort(new Failure('Cancelled', 'Stopped by a person'));
  assert.equal((await failureOf(text(program.stdout), 'Cancelled')).message, 'Stopped by a person');
  assert.equal((await fifo.lines.next()).done, true);
});

test('a program that does not heed SIGTERM is killed after the time of grace', async (t) => {
  const fifo = await fifoIn(await temporaryFolder(t));
  const stop = new AbortController();
  const code = 'trap "" TERM; exec 9>"$1"; echo ready >&9; while :; do sleep 600; done';
  const program = runProgram({ ...script(code, [fifo.path]), signal: stop.signal, graceMs: 50 });
  await fifo.lines.next();
  stop.abort(new Failure('Cancelled', 'Stopped'));
  await failureOf(program.completed, 'Cancelled');
  assert.equal((await fifo.lines.next()).done, true);
});

test('an aborted signal starts nothing', () => {
  const signal = AbortSignal.abort(new Failure('Cancelled', 'Too late'));
  assert.throws(() => runProgram({ ...script('true'), signal }), { message: 'Too late' });
});

test('a program that takes too long is stopped', async () => {
  const failure = await failureOf(captureProgram({ ...script('sleep 600'), timeoutMs: 20 }), 'Stalled');
  assert.equal(failure.message, 'sh did not end within 0.02 s');
});

test('input is fed to the program', async () => {
  async function* input() {
    for (let index = 0; index < 100; index += 1) yield Buffer.alloc(10_000, index);
  }
  const program = runProgram({ ...script('cat'), stdin: input() });
  assert.equal((await buffer(program.stdout)).length, 1_000_000);
});

test('a program that stops reading is reported in its own words', async () => {
  let returned = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(65_536);
    } finally {
      returned = true;
    }
  }
  const request = { ...script('echo "wrong format" >&2; exit 1'), stdin: endless() };
  const failure = await failureOf(captureProgram(request), 'ToolFailed');
  assert.match(failure.message, /exit status 1: wrong format/);
  await new Promise(setImmediate);
  assert.equal(returned, true);
});

test('when the input fails the program is stopped without seeing an end of its data', async (t) => {
  const folder = await temporaryFolder(t);
  async function* broken() {
    yield Buffer.from('half');
    throw new Failure('RepositoryDamaged', 'Pack 12 is damaged');
  }
  const code = 'cat > "$1/data"; : > "$1/committed"';
  const request = { ...script(code, [folder]), stdin: broken() };
  const failure = await failureOf(captureProgram(request), 'RepositoryDamaged');
  assert.equal(failure.message, 'Pack 12 is damaged');
  assert.equal((await readdir(folder)).includes('committed'), false);
});

test('more output than a caller is ready to keep is a failure', async () => {
  const request = { ...script(''), command: 'yes', args: [], maxOutputBytes: 1000 };
  const failure = await failureOf(captureProgram(request), 'ToolFailed');
  assert.equal(failure.message, 'yes printed more than 1000 bytes');
});
