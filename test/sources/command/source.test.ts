import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Command } from '../../../programs/command.ts';
import { programHost } from '../../../programs/host.ts';
import { createCommandRestorer } from '../../../restore/command/restorer.ts';
import type { RestoreJob } from '../../../restore/restorer.ts';
import { Secret } from '../../../secrets/secret.ts';
import { createCommandSource } from '../../../sources/command/source.ts';
import { failureOf } from '../../failure-of.ts';
import { backUpEntries } from '../../repository/back-up.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import { testRepository } from '../../repository/test-repository.ts';
import { collect } from '../postgres/collect.ts';
import { childrenOf } from '../postgres/processes.ts';

const never = new AbortController().signal;

function shell(code: string, more: Partial<Command> = {}): Command {
  return { words: ['sh', '-c', code], env: {}, ...more };
}

async function outputOf(t: TestContext, command: Command): Promise<string> {
  const source = createCommandSource({ name: 'app', file: 'data.txt', command });
  t.after(() => source.close());
  const { files } = await collect(source, never);
  return `${files.get('app/data.txt')}`;
}

test('the output of a command is a file, and its words are no shell', async (t) => {
  assert.equal(
    await outputOf(t, { words: ['echo', '-n', '$(id)', '; rm', '--x\ny'], env: {} }),
    '$(id) ; rm --x\ny',
  );
  const name = '--of "all" $(id)';
  const source = createCommandSource({ name: 'app', file: name, command: shell('echo x') });
  const { files } = await collect(source, never);
  assert.deepEqual([...files.keys()], ['app/%2D-of%20%22all%22%20%24%28id%29']);
});

test('exit status, signal, time, silence and words of failure decide', async (t) => {
  for (const [command, type, words] of [
    [shell('echo half; exit 1'), 'ToolFailed', /sh failed with exit status 1/],
    [shell('echo half; kill -9 $$'), 'ToolFailed', /sh was ended by SIGKILL/],
    [shell('echo half; sleep 600', { timeoutMs: 200 }), 'Stalled', /sh did not end within 0.2 s/],
    [shell('true'), 'ToolFailed', /sh ended well, but printed nothing/],
    [
      shell('echo half; echo "2 documents: Error" >&2', { failurePattern: /Error|failed/ }),
      'ToolFailed',
      /sh ended well, but said "Error", which means a failure: 2 documents/,
    ],
  ] as const) {
    assert.match((await failureOf(outputOf(t, command), type)).message, words);
  }
  assert.equal(await outputOf(t, shell('echo whole; echo fine >&2', { failurePattern: /Error/ })), 'whole\n');
});

test('a secret reaches the program, and neither its arguments nor messages', async (t) => {
  const env = { TOKEN: new Secret('canary-0f9d'), PLAIN: 'x' };
  assert.equal(await outputOf(t, shell('echo "$TOKEN $PLAIN"', { env })), 'canary-0f9d x\n');
  const { message } = await failureOf(
    outputOf(t, shell('echo "no: $TOKEN" >&2; exit 1', { env })),
    'ToolFailed',
  );
  assert.match(message, /no: \[secret\]/);
  const source = createCommandSource({ name: 'app', file: 'x', command: shell('echo x; sleep 5', { env }) });
  t.after(() => source.close());
  const running = collect(source, never).catch(() => {});
  await new Promise(setImmediate);
  for (const { commandLine } of await childrenOf(process.pid)) assert.doesNotMatch(commandLine, /canary/);
  await source.close();
  await running;
});

test('the restore command gets at its standard input what was stored', async (t) => {
  const { repository } = await testRepository(t);
  const folder = await temporaryFolder(t);
  const source = createCommandSource({ name: 'app', file: 'data.txt', command: shell('seq 1 100000') });
  t.after(() => source.close());
  const { tree } = await backUpEntries(repository, source.capture({ signal: never, warn: () => {} }));
  await repository.loadIndex();
  const job: RestoreJob = {
    reader: repository,
    tree,
    target: 'command',
    include: [],
    runId: 'run',
    attempt: 1,
    signal: never,
    onProgress: () => {},
    onWarning: () => {},
  };
  const copy = path.join(folder, 'copy');
  const restorerWith = (restoreCommand: Command | undefined) =>
    createCommandRestorer({
      source: 'app',
      file: 'data.txt',
      restoreCommand,
      host: programHost(process.env),
    });
  const restorer = restorerWith(shell('cat > "$COPY"', { env: { COPY: copy } }));
  assert.equal(await restorer.checkTarget('command', never), 'command');
  assert.deepEqual(await restorer.restore(job), { files: 1, bytes: 588_895 });
  assert.equal((await readFile(copy)).length, 588_895);
  assert.match((await restorer.compare(job))[0]?.detail ?? '', /ended well after 588895 bytes/);
  await failureOf(restorerWith(shell('head -c 10; exit 3')).restore(job), 'ToolFailed');
  await failureOf(restorerWith(undefined).checkTarget('command', never), 'InvalidInput');
  await failureOf(restorer.checkTarget('elsewhere', never), 'InvalidInput');

  const target = await restorer.checkTarget(path.join(folder, 'files'), never);
  await restorer.restore({ ...job, target });
  assert.equal((await readFile(path.join(target, 'app', 'data.txt'))).length, 588_895);
});
