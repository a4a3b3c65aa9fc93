import { Failure } from '../../contracts/failures.ts';
import type { PreflightReport } from '../../contracts/jobs.ts';
import {
  type Command,
  checkWords,
  programName,
  programRequest,
  requireProgram,
} from '../../programs/command.ts';
import { type ProgramHost, programHost } from '../../programs/host.ts';
import { type RunningProgram, runProgram } from '../../programs/run.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import { fileNameOf, ProducedFiles, streamOf } from '../produced-files.ts';
import type { CaptureContext, Source } from '../source.ts';

export interface CommandSourceOptions {
  /** Name of the source: of the folder in the snapshot. */
  readonly name: string;
  readonly command: Command;
  /** Name of the file in the snapshot that holds the output. */
  readonly file: string;
  /** Default: what `programHost(process.env)` finds. */
  readonly host?: ProgramHost;
}

/** What a command prints. */
export function createCommandSource(options: CommandSourceOptions): Source {
  return new CommandSource(options);
}

class CommandSource implements Source {
  readonly kind = 'command';
  readonly paths: readonly string[];
  readonly #options: CommandSourceOptions;
  readonly #host: ProgramHost;
  readonly #closing = new AbortController();
  #program: RunningProgram | undefined;

  constructor(options: CommandSourceOptions) {
    this.#options = options;
    this.#host = options.host ?? programHost(process.env);
    this.paths = [`/${options.name}`];
  }

  async preflight(signal: AbortSignal): Promise<PreflightReport> {
    signal.throwIfAborted();
    const { command, file } = this.#options;
    requireProgram(command, this.#host);
    return { description: `Output of ${programName(command)}, as ${file}` };
  }

  async *capture(context: CaptureContext): AsyncGenerator<Entry> {
    const { name, file } = this.#options;
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const files = new ProducedFiles();
    yield files.folder(name, () => [
      files.stream(fileNameOf(file), () => streamOf(this.#output(signal), signal)),
    ]);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The source was closed'));
    await this.#program?.completed.catch(() => {});
  }

  /** It ends when the program has ended well, and has printed something. */
  async *#output(signal: AbortSignal): AsyncGenerator<Buffer> {
    const { command } = this.#options;
    const program = runProgram({ ...programRequest(command), host: this.#host, signal });
    this.#program = program;
    let isEmpty = true;
    try {
      for await (const chunk of program.stdout) {
        isEmpty = false;
        yield chunk;
      }
      const { stderrTail } = await program.completed;
      checkWords(command, stderrTail);
      if (isEmpty) {
        throw new Failure('ToolFailed', `${programName(command)} ended well, but printed nothing`, {
          advice: 'Let it print to its standard output: the option is often called --archive or -.',
        });
      }
    } finally {
      await program.completed.catch(() => {});
    }
  }
}
