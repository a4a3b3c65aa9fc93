import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { on } from 'node:events';
import { access, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { temporalExecutable } from '../../servers/temporal.ts';
import { type CommandEnd, endOf, jsonLinesOf, jsonOf, runCommand, startCommand } from '../command-line.ts';

/** More than can be read before the test has seen it begin, and nothing on disk. */
const endlessBytes = 2 * 1024 ** 4;

const configuration = `stateDir: state
host: test-host
repositories:
  main: { url: repository, password: "file:key" }
sources:
  docs: { kind: files, paths: [docs] }
  endless: { kind: files, paths: [endless] }
  gone: { kind: files, paths: [no-such-folder] }
  busy: { kind: command, command: [sh, -c, 'echo "busy at first" >&2; ln -s . FOLDER/busy && exit 7; echo data'] }
# One is enough, and it must not fire while the test runs.
schedules:
  automated_backups: { at: "02:00", on: 28 }
  incremental_backups: { enabled: false }
  security_monitoring: { enabled: false }
  k8s_backups: { enabled: false }
  backup_verification: { enabled: false }
  backup_analytics_report: { enabled: false }
  backup_compliance_check: { enabled: false }
  repository_prune: { enabled: false }
  repository_copies: { enabled: false }
`;

let cwd = '';
let up: ChildProcess | undefined;
let upEnd: Promise<CommandEnd> | undefined;

function run(...args: string[]): Promise<CommandEnd> {
  return runCommand(args, { cwd });
}

/** Resolves to the first line of JSON that fits. */
async function lineOf(
  child: ChildProcess,
  fits: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  assert.ok(child.stdout);
  const reader = createInterface({ input: child.stdout });
  for await (const [text] of on(reader, 'line', { close: ['close'] })) {
    const line = JSON.parse(text);
    if (fits(line)) return line;
  }
  throw new Error('The command ended before it said so');
}

async function startUp(): Promise<Record<string, unknown>> {
  up = startCommand(['up', '--json'], { cwd });
  upEnd = endOf(up);
  return lineOf(up, ({ event }) => event === 'started');
}

before(async () => {
  // Installs it, if need be, where `up` looks for it.
  await temporalExecutable();
  cwd = await mkdtemp(join(tmpdir(), 'resguardo-up-'));
  await writeFile(join(cwd, 'resguardo.yaml'), configuration.replace('FOLDER', cwd));
  await writeFile(join(cwd, 'key'), 'correct horse\n', { mode: 0o600 });
  await mkdir(join(cwd, 'docs'));
  await writeFile(join(cwd, 'docs', 'file'), 'content');
  const endless = await open(join(cwd, 'endless'), 'w');
  await endless.truncate(endlessBytes);
  await endless.close();
  assert.equal((await run('repo', 'init')).code, 0);
  await startUp();
});

after(async () => {
  up?.kill('SIGINT');
  await upEnd;
  await rm(cwd, { recursive: true, force: true });
});

test('the schedules of the configuration are applied when all is started', async () => {
  const schedules = jsonOf(await run('schedules', 'list', '--json'));
  assert.partialDeepStrictEqual(schedules, [{ id: 'automated_backups', paused: false, ours: true }]);
  assert.equal((await stat(join(cwd, 'state', 'temporal.db'))).mode & 0o777, 0o600);
});

test('a source is backed up, listed, verified and restored through Temporal', async () => {
  const backup = await run('backup', 'docs', '--tag', 'first', '--json');
  assert.equal(backup.code, 0, backup.stderr);
  const result = jsonLinesOf(backup).at(-1);
  assert.partialDeepStrictEqual(result, {
    event: 'result',
    source: 'docs',
    status: 'done',
    workflowId: 'backup/docs',
  });

  const [snapshot] = jsonOf(await run('snapshots', '--source', 'docs', '--json')) as Record<
    string,
    unknown
  >[];
  assert.equal(snapshot?.id, result?.snapshot);
  assert.ok(JSON.stringify(snapshot?.tags).includes('"first"'));

  const verify = await run('verify', '--read-data', '--json');
  assert.equal(verify.code, 0, verify.stderr);
  assert.partialDeepStrictEqual(jsonLinesOf(verify).at(-1), {
    event: 'result',
    repository: 'main',
    damageCount: 0,
  });

  const restore = await run('restore', 'latest', '--source', 'docs', '--target', 'restored', '--json');
  assert.equal(restore.code, 0, restore.stderr);
  assert.equal(await readFile(join(cwd, 'restored', cwd, 'docs', 'file'), 'utf8'), 'content');
  const again = await run('restore', 'latest', '--source', 'docs', '--target', 'restored');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /restored.* not empty|restored.*exists/);
});

test('a backup that is not waited for goes on by itself, and --max-age finds its snapshot', async () => {
  const started = await run('backup', 'docs', '--no-wait', '--json');
  assert.partialDeepStrictEqual(jsonLinesOf(started).at(-1), {
    status: 'started',
    workflowId: 'backup/docs',
  });
  const joined = await run('backup', 'docs', '--join', '--json');
  assert.equal(joined.code, 0, joined.stderr);
  const fresh = await run('backup', 'docs', '--max-age', '1h', '--json');
  assert.equal(fresh.code, 0, fresh.stderr);
  assert.partialDeepStrictEqual(jsonLinesOf(fresh).at(-1), { source: 'docs', status: 'fresh' });
});

test('a step that fails and is tried again is told to who waits, with the reason', async () => {
  const end = await run('backup', 'busy');
  assert.equal(end.code, 0, end.stderr);
  assert.match(
    end.stderr,
    /busy: .* failed with exit status 7: busy at first\n {2}Read the last lines.*\n {2}It is tried again at \d/,
  );
});

test('a source that fails has its failure’s exit code and advice, and does not stop the others', async () => {
  const end = await run('backup', 'gone', 'docs', '--json');
  assert.equal(end.code, 1);
  const lines = jsonLinesOf(end);
  const failed = lines.find(({ event }) => event === 'error');
  assert.partialDeepStrictEqual(failed, { source: 'gone', type: 'SourceMissing', exitCode: 1 });
  assert.match(String(failed?.message), /no-such-folder does not exist/);
  assert.ok(lines.some(({ event, source }) => event === 'result' && source === 'docs'));
});

test('Ctrl-C cancels the run and leaves no lock and no snapshot; others only leave it', async () => {
  const snapshotsBefore = await readdir(join(cwd, 'repository', 'snapshots'));
  const first = startCommand(['backup', 'endless', '--json'], { cwd });
  const firstEnd = endOf(first);
  await lineOf(first, ({ bytesDone }) => Number(bytesDone) > 0);

  const second = await run('backup', 'endless');
  assert.equal(second.code, 1);
  assert.match(second.stderr, /under way\n.*--join/);

  const follower = startCommand(['backup', 'endless', '--join', '--json'], { cwd });
  const followerEnd = endOf(follower);
  await lineOf(follower, ({ bytesDone }) => Number(bytesDone) > 0);
  follower.kill('SIGINT');
  const left = await followerEnd;
  assert.equal(left.code, 130, left.stderr);
  assert.match(left.stderr, /Left backup\/endless, which goes on/);

  first.kill('SIGINT');
  const cancelled = await firstEnd;
  assert.equal(cancelled.code, 130, cancelled.stderr);
  assert.equal(jsonLinesOf(cancelled).at(-1)?.type, 'Cancelled');
  assert.deepEqual(await readdir(join(cwd, 'repository', 'locks')), []);
  assert.deepEqual(await readdir(join(cwd, 'repository', 'snapshots')), snapshotsBefore);
});

test('a second `up` on the same state is refused', async () => {
  const end = await run('up');
  assert.equal(end.code, 1);
  assert.match(end.stderr, /running already/);
});

test('Ctrl-C ends `up` with all its parts, kill -9 too, and it starts again', async () => {
  up?.kill('SIGINT');
  const ended = await upEnd;
  assert.equal(ended?.code, 0, ended?.stderr);
  await assert.rejects(access(join(cwd, 'state', 'temporal.address')));
  assert.equal((await run('verify')).code, 1);

  await startUp();
  up?.kill('SIGKILL');
  await upEnd;
  const started = await startUp();
  assert.equal(typeof started.address, 'string');
  const backup = await run('backup', 'docs');
  assert.equal(backup.code, 0, backup.stderr);
});
