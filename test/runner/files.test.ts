import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const samples: Readonly<Record<string, string>> = {
  'crash.test.ts': `throw new Error('at load');`,
  'fail.test.ts': `
    import assert from 'node:assert/strict';
    import { describe, test } from 'node:test';
    console.log('a word of the program');
    describe('outer', () => { test('inner', () => assert.equal(1, 2)); });
    test('fine', () => {});`,
  'nothing.test.ts': '',
  'pass.test.ts': `
    import { describe, test } from 'node:test';
    describe('outer', () => { test('inner', () => {}); test('second', () => {}); });`,
  'shared.ts': `
    import assert from 'node:assert/strict';
    import { test } from 'node:test';
    export function behaves(value: number): void { test('it is one', () => assert.equal(value, 1)); }`,
  'one.test.ts': `import { behaves } from './shared.ts';\nbehaves(1);`,
  'two.test.ts': `import { behaves } from './shared.ts';\nbehaves(2);`,
  'skip.test.ts': `
    import { describe, test } from 'node:test';
    test('needs a moon', { skip: 'there is none' }, () => {});
    describe('at night', { skip: true }, () => { test('is dark', () => {}); });`,
};

/** Each goes on without an end, in its own way. */
const hanging: Readonly<Record<string, string>> = {
  'a server that listens': `
    import { createServer } from 'node:net';
    import { test } from 'node:test';
    test('passes', () => void createServer().listen(0, '127.0.0.1', () => console.log('it listens')));`,
  'a program that it has started': `
    import { spawn } from 'node:child_process';
    import { test } from 'node:test';
    test('passes', () => void spawn('sleep', ['600']));`,
  'a program that has outlived it': `
    import { spawn } from 'node:child_process';
    import { test } from 'node:test';
    test('passes', () => spawn('sleep', ['600'], { stdio: 'inherit', detached: true }).unref());`,
  'a timer, though asked to end': `
    import { test } from 'node:test';
    process.on('SIGTERM', () => {});
    test('passes', () => void setInterval(() => {}, 1000));`,
};
const endless = `
  import { test } from 'node:test';
  test('passes', () => {});
  test('goes on', () => { console.log('a word before'); for (;;); });`;

describe('the runner of test files', () => {
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runner-'));
    for (const [name, source] of Object.entries(samples)) await writeFile(join(folder, name), source);
  });

  after(() => rm(folder, { recursive: true }));

  test('prints one line for a file whose tests pass, and counts tests, not groups', async () => {
    const output = await runSamples(['pass.test.ts'], false);
    assert.match(output, /^✔ pass\.test\.ts \(2 tests, \d+\.\d s\)\n2 passed, 0 failed\n$/);
  });

  test('prints what a failed test threw and what its file printed', async () => {
    const output = await runSamples(['fail.test.ts'], false);
    assert.match(output, /✖ fail\.test\.ts \(2 tests, 1 failed/);
    assert.match(output, /✖ inner \(fail\.test\.ts:5\)\n.*1 !== 2/s);
    assert.match(output, /a word of the program/);
    assert.match(output, /\n1 passed, 1 failed\n$/);
  });

  test('counts a file that does not load as failed', async () => {
    const output = await runSamples(['crash.test.ts', 'pass.test.ts'], false);
    assert.match(output, /✖ crash\.test\.ts \(1 test, 1 failed/);
    assert.match(output, /at load/);
    assert.match(output, /\n2 passed, 1 failed\n$/);
  });

  test('names skipped tests, and counts them as failed where all must run', async () => {
    assert.match(
      await runSamples(['skip.test.ts'], false),
      /skipped: needs a moon: there is none\n {2}- skipped: at night\n0 passed, 0 failed, 2 skipped\n$/,
    );
    assert.match(await runSamples(['skip.test.ts'], true), /needs a moon.*\n0 passed, 2 failed\n$/s);
  });

  test('counts a file without tests as failed: somebody believes that it tests something', async () => {
    const output = await runSamples(['nothing.test.ts'], false);
    assert.match(output, /the file declares no test\n0 passed, 1 failed\n$/);
  });

  test('counts tests that are declared in a shared file for the file that runs them', async () => {
    const output = await runSamples(['one.test.ts', 'two.test.ts'], false);
    assert.match(output, /^✔ one\.test\.ts \(1 test,/m);
    assert.match(output, /^✖ two\.test\.ts \(1 test, 1 failed, .*\n {2}✖ it is one \(shared\.ts:4\)/m);
    assert.match(output, /\n1 passed, 1 failed\n$/);
  });

  for (const [what, source] of Object.entries(hanging)) {
    test(`ends a file that is kept open by ${what}, and counts it as failed`, async () => {
      await writeFile(join(folder, 'hang.test.ts'), source);
      const output = await runSamples(['hang.test.ts'], false, {
        timeoutMs: 60_000,
        graceMs: 500,
      });
      assert.match(
        output,
        /✖ hang\.test\.ts \(2 tests, 1 failed, .* s\)\n {2}✖ the file hangs: its tests are over/,
      );
      assert.match(output, /ended: (node|sleep|MainThread)\b.* \(\d+\)/);
      assert.match(output, /\n1 passed, 1 failed\n$/);
      assert.deepEqual(await processesOf(output), []);
    });
  }

  test('ends a file that is in a loop, and shows what it printed', async () => {
    await writeFile(join(folder, 'endless.test.ts'), endless);
    const output = await runSamples(['endless.test.ts'], false, { timeoutMs: 2_000, graceMs: 1_000 });
    assert.match(output, /✖ the file hangs: no test has begun or ended for 3 s/);
    assert.match(output, /a word before/);
    assert.match(output, /, [12] failed\n$/);
  });

  test('leaves nothing of a file behind that heeds no signal, when the run is cancelled', async () => {
    const source = `
      import { writeFileSync } from 'node:fs';
      import { test } from 'node:test';
      process.on('SIGTERM', () => {});
      test('goes on', async () => { setInterval(() => {}, 1000); writeFileSync('${join(folder, 'deaf')}', String(process.pid)); await new Promise(() => {}); });`;
    await writeFile(join(folder, 'deaf.test.ts'), source);
    const output = await runSamples(['deaf.test.ts'], false, {
      timeoutMs: 60_000,
      graceMs: 60_000,
      cancelled: true,
    });
    const id = await readFile(join(folder, 'deaf'), 'utf8');
    assert.deepEqual(await stillRunning([id]), []);
    assert.match(output, /^0 passed, 0 failed\n$/);
  });

  /** In a process of its own, because a test cannot run tests. `cancelled`: as soon as a file named `deaf` is there. */
  async function runSamples(
    files: readonly string[],
    strict: boolean,
    { timeoutMs, graceMs, cancelled = false }: { timeoutMs: number; graceMs: number; cancelled?: boolean } = {
      timeoutMs: 60_000,
      graceMs: 60_000,
    },
  ): Promise<string> {
    const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
    const source = `
      import { existsSync } from 'node:fs';
      import { runFiles } from ${url('files.ts')};
      import { Report } from ${url('report.ts')};
      const report = new Report((line) => console.log(line));
      const cancellation = new AbortController();
      const { signal } = cancellation;
      const deaf = ${JSON.stringify(join(folder, 'deaf'))};
      const looking = setInterval(() => ${cancelled} && existsSync(deaf) && cancellation.abort(), 50);
      const files = ${JSON.stringify(files)};
      const root = ${JSON.stringify(folder)};
      await runFiles({ root, files, timeoutMs: ${timeoutMs}, graceMs: ${graceMs}, strict: ${strict}, signal }, report);
      clearInterval(looking);
      console.log(report.summary());`;
    const program = join(folder, 'run.ts');
    await writeFile(program, source);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    return (await promisify(execFile)(process.execPath, [program], { env })).stdout;
  }
});

/** Which of the processes that the runner says it has ended still run. */
async function processesOf(output: string): Promise<readonly string[]> {
  const ended = /ended: (.*)/.exec(output)?.[1] ?? '';
  return await stillRunning([...ended.matchAll(/\((\d+)\)/g)].map(([, id]) => id ?? ''));
}

async function stillRunning(ids: readonly string[]): Promise<readonly string[]> {
  const running = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'latin1').catch(() => 'Z')));
  return running.filter((stat) => !/^(Z|\d+ \(.*\) Z)/s.test(stat));
}
