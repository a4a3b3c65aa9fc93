import assert from 'node:assert/strict';
import { isFailure } from '../../contracts/failures.ts';
import type { Command } from '../../programs/command.ts';
import { createCommandSource } from '../../sources/command/source.ts';
import { backUpEntries } from '../../test/repository/back-up.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { childrenOf } from '../../test/sources/postgres/processes.ts';
import { runningProcesses } from '../../test/workers/processes.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';

const never = new AbortController().signal;

interface Death {
  readonly name: string;
  /** Code of a shell; `mark` is a number that no other process has in its arguments. */
  readonly code: (mark: string, bytes: number) => string;
  readonly type: 'ToolFailed' | 'Stalled';
  readonly change?: Partial<Command>;
  /** Kills the program as soon as it runs. */
  readonly isKilled?: boolean;
}

const soon = { timeoutMs: 300 };

const deaths: readonly Death[] = [
  { name: 'killed after output', type: 'ToolFailed', code: (_, n) => `${output(n)}; kill -9 $$` },
  {
    name: 'killed by somebody',
    type: 'ToolFailed',
    code: (mark, n) => `${output(n)}; sleep ${mark}`,
    isKilled: true,
  },
  { name: 'exit status 1 after output', type: 'ToolFailed', code: (_, n) => `${output(n)}; exit 1` },
  {
    name: 'closes its output, then fails',
    type: 'ToolFailed',
    code: (_, n) => `${output(n)}; exec 1>&-; exit 3`,
  },
  {
    name: 'closes its output, then hangs',
    type: 'Stalled',
    code: (mark, n) => `${output(n)}; exec 1>&-; sleep ${mark}`,
    change: soon,
  },
  { name: 'writes to standard error alone', type: 'ToolFailed', code: () => 'echo data >&2' },
  {
    name: 'words of failure, exit status 0',
    type: 'ToolFailed',
    code: (_, n) => `${output(n)}; echo "Failed: lost" >&2`,
    change: { failurePattern: /Failed/ },
  },
  {
    name: 'hangs after output',
    type: 'Stalled',
    code: (mark, n) => `${output(n)}; sleep ${mark}`,
    change: soon,
  },
  { name: 'hangs from the beginning', type: 'Stalled', code: (mark) => `sleep ${mark}`, change: soon },
  {
    name: 'fails, and its child goes on printing',
    type: 'ToolFailed',
    code: (mark, n) => `(sleep ${mark}; echo late) & ${output(n)}; exit 2`,
  },
  {
    name: 'the first of a pipe fails',
    type: 'ToolFailed',
    code: (_, n) => `set -o pipefail; (${output(n)}; exit 4) | cat`,
  },
];

function output(bytes: number): string {
  return `head -c ${bytes} /dev/zero`;
}

/** What a program prints counts when it has ended well, and not before. */
export const dyingCommands: Row = {
  id: 'X14',
  title: 'a command that dies, fails, hangs or closes its output makes no snapshot and leaves no process',
  counts: { test: 11, soak: 220 },
  run: async (run) => {
    const { repository } = await testRepository(run);
    for (const { number, random } of run.cases()) {
      const death = deaths[number % deaths.length];
      if (death === undefined) return;
      await run.check(death.name, async () => {
        await die(death, random, async (source) => {
          const roots = source.capture({ signal: never, warn: () => {} });
          return await backUpEntries(repository, roots);
        });
        assert.deepEqual(await Array.fromAsync(repository.snapshots()), []);
      });
    }
  },
};

type BackUp = (source: ReturnType<typeof createCommandSource>) => Promise<unknown>;

async function die(
  { code, type, change, isKilled = false }: Death,
  random: Random,
  backUp: BackUp,
): Promise<void> {
  const mark = `${700_000_000 + random.below(99_999_999)}`;
  const bytes = 1 + random.below(random.pick([10, 70_000, 3_000_000]));
  const words = ['bash', '-c', code(mark, bytes)];
  const source = createCommandSource({ name: 'app', file: 'data', command: { words, env: {}, ...change } });
  const stored = backUp(source).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (isKilled) await kill(mark);
  const failure = await stored;
  await source.close();
  assert.ok(isFailure(failure, type), `it ended with ${failure}`);
  assert.match(failure.message, /\S/);
  const left = await runningProcesses();
  assert.deepEqual(
    left.filter(({ line }) => line.includes(mark)),
    [],
  );
}

/** Kills the shell that waits for a `sleep` of the mark. */
async function kill(mark: string): Promise<void> {
  for (;;) {
    const [child] = (await childrenOf(process.pid)).filter(({ commandLine }) => commandLine.includes(mark));
    const isReady = (await runningProcesses()).some(({ line }) => line.trim() === `sleep ${mark}`);
    if (child !== undefined && isReady) {
      process.kill(child.pid, 'SIGKILL');
      return;
    }
    await new Promise(setImmediate);
  }
}
