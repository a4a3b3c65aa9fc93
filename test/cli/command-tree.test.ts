import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { before, describe, test } from 'node:test';
import { Command } from 'commander';
import type { Definition } from '../../cli/context.ts';
import { runCommandLine } from '../../cli/program.ts';
import { defineCommands } from '../../cli/registry.ts';

/** Commands that only look, and those that serve: what is asked of them has entries of its own. */
const withoutEntry = [
  'api',
  'audit export',
  'audit show',
  'audit verify',
  'cost',
  'diff',
  'doctor',
  'find',
  'health',
  // The log is where the configuration says, which `init` writes.
  'init',
  'key list',
  'ls',
  // What is on this machine alone.
  'repo cache',
  'repo check',
  'repo diff',
  'repo find',
  'repo key list',
  'repo list',
  'repo ls',
  'repo snapshots',
  'repo stats',
  'schedules list',
  'schedules show',
  'snapshots',
  'status',
  'up',
  'worker',
];

interface Leaf {
  /** "repo key add". */
  readonly path: string;
  /** What the audit log calls it. */
  readonly action: string | undefined;
}

describe('every command', () => {
  let leaves: readonly Leaf[] = [];

  before(async () => {
    leaves = await allCommands();
    assert.ok(leaves.length > 50, `${leaves.length} commands`);
  });

  test('has help with an example, and takes --json', async () => {
    const example = /\nExamples:\n {2}# .+\n {2}(\S+=\S+ )?\(?(resguardo|umask|pg_dump)/;
    const without: string[] = [];
    for (const { path } of leaves) {
      const { code, text } = await help(path.split(' '));
      assert.equal(code, 0, path);
      if (!example.test(text) || !/--json /.test(text)) without.push(path);
    }
    assert.deepEqual(without, []);
  });

  test('that changes something leaves an entry in the audit log', () => {
    const without = leaves.filter(({ action }) => action === undefined).map(({ path }) => path);
    assert.deepEqual(without.toSorted(), withoutEntry.toSorted());
  });
});

/** A command that remembers what its action is audited as. */
class WatchedCommand extends Command {
  audited: string | undefined;

  override createCommand(name?: string): Command {
    return new WatchedCommand(name);
  }

  override action(work: Parameters<Command['action']>[0]): this {
    this.audited = audits.get(work);
    return super.action(work);
  }
}

const audits = new WeakMap<object, string>();

async function allCommands(): Promise<readonly Leaf[]> {
  const program = new WatchedCommand('resguardo');
  const run: Definition['run'] = (_work, audit) => {
    const action = async (): Promise<void> => {};
    if (audit !== undefined) audits.set(action, audit.action);
    return action;
  };
  await defineCommands({ parent: program, args: [], run });
  return leavesOf(program, []);
}

function leavesOf(command: Command, path: readonly string[]): readonly Leaf[] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
  }
  const action = command instanceof WatchedCommand ? command.audited : undefined;
  return [{ path: path.join(' '), action }];
}

async function help(path: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const stdout = new PassThrough();
  const parts: Buffer[] = [];
  stdout.on('data', (part: Buffer) => parts.push(part));
  const stream = stdout as unknown as NodeJS.WriteStream;
  const code = await runCommandLine({
    args: [...path, '--json', '--help'],
    env: {},
    cwd: '/',
    stdin: process.stdin,
    stdout: stream,
    stderr: stream,
    version: '0',
  });
  return { code, text: Buffer.concat(parts).toString() };
}
