import { Command, CommanderError } from 'commander';
import { Failure } from '../contracts/failures.ts';
import { auditedWork } from './audit.ts';
import type { CommandContext, Definition } from './context.ts';
import { withExamples } from './examples.ts';
import { exitCodeOf, toFailure } from './failure.ts';
import { Interrupt } from './interrupt.ts';
import { Output } from './output/output.ts';
import { defineCommands } from './registry.ts';

/** The process as the command line sees it. */
export interface Host {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly version: string;
}

type Surroundings = Omit<CommandContext, 'configFile'>;

/** Runs a command line and resolves to its exit code. Never rejects. */
export async function runCommandLine(host: Host): Promise<number> {
  const interrupt = new Interrupt();
  interrupt.listen();
  const reader = watchReader(host.stdout, interrupt);
  const { env, cwd, stdin } = host;
  const output = createOutput(host);
  try {
    return await parseAndRun(host, { output, interrupt, signal: interrupt.signal, env, cwd, stdin });
  } catch (error) {
    const failure = reader.isGone ? readerGone() : toFailure(error);
    if (!reader.isGone) await output.failure(failure);
    return exitCodeOf(failure);
  } finally {
    interrupt.close();
  }
}

async function parseAndRun(host: Host, surroundings: Surroundings): Promise<number> {
  let exitCode = 0;
  const program = createProgram(host);
  const run: Definition['run'] =
    (work, audit) =>
    async (...args) => {
      const { config } = program.opts<GlobalOptions>();
      const whole = audit === undefined ? work : auditedWork(work, audit);
      exitCode = await whole({ ...surroundings, configFile: config }, ...args);
    };
  try {
    await defineCommands({ parent: program, args: host.args, run });
    await program.parseAsync(host.args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and the version were asked for, and shown.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    throw error instanceof CommanderError ? wrongUsage(error, namedCommand(program, host.args)) : error;
  }
}

interface GlobalOptions {
  readonly config?: string;
}

function createProgram({ stdout, version }: Host): Command {
  const program = new Command('resguardo')
    .description('Durable backups as Temporal workflows, stored in standard restic repositories')
    .option('--config <file>', 'configuration file (default: resguardo.yaml here, or RESGUARDO_CONFIG)')
    .option('--json', 'results, and progress as JSON lines, on standard output')
    .option('-q, --quiet', 'no progress and no notes')
    .version(version, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // What went wrong is shown by us, once, in our form.
      writeErr: () => {},
    })
    .showSuggestionAfterError()
    .exitOverride();
  return withExamples(program, [
    ['resguardo up', 'start a Temporal server and a worker on this machine'],
    ['resguardo backup shop', 'back up the source "shop" of resguardo.yaml'],
    ['resguardo restore latest --source shop --target shop_restored', 'restore it beside the old one'],
    ['resguardo repo snapshots --repo /srv/backup', 'look into a repository, without Temporal'],
  ]);
}

/** The innermost command that the arguments name. */
function namedCommand(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const arg of args) command = command.commands.find((child) => child.name() === arg) ?? command;
  return command;
}

function wrongUsage(error: CommanderError, command: Command): Failure {
  const path: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name());
  // Commander shows help, as an error, where a group lacks its command.
  const reason =
    error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
  const subject = path.slice(1).join(' ');
  return new Failure('InvalidInput', subject === '' ? reason : `${subject}: ${reason}`, {
    advice: `See \`${path.join(' ')} --help\`.`,
    cause: error,
  });
}

/** The form of messages is needed before the command line is parsed: for what is wrong with it. */
function createOutput({ args, env, stdout, stderr }: Host): Output {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  return new Output({
    stdout,
    stderr,
    json: flags.includes('--json'),
    quiet: flags.includes('--quiet') || flags.includes('-q'),
    debug: Boolean(env.RESGUARDO_DEBUG),
  });
}

/** In `resguardo ls … | head` the reader goes away in the middle: that is no fault, and nothing to tell. */
function watchReader(stdout: NodeJS.WriteStream, interrupt: Interrupt): { readonly isGone: boolean } {
  const reader = { isGone: false };
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    reader.isGone = true;
    interrupt.abort('The reader of the output has gone');
  });
  return reader;
}

function readerGone(): Failure {
  return new Failure('Cancelled', 'The reader of the output has gone');
}
