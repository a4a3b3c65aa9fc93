import type { Command } from 'commander';
import type { Audited } from './audit.ts';
import type { Interrupt } from './interrupt.ts';
import type { Output } from './output/output.ts';

/** What a command may use of the process around it. */
export interface CommandContext {
  readonly output: Output;
  readonly interrupt: Interrupt;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  /** `--config` */
  readonly configFile: string | undefined;
}

/** Does a command's work and resolves to its exit code. Gets its arguments, then its options. */
export type Work<Arguments extends readonly unknown[]> = (
  context: CommandContext,
  ...args: Arguments
) => Promise<number>;

/** What a command's file needs to define the command. */
export interface Definition {
  /** The program, or the group that the command belongs to. */
  readonly parent: Command;
  /** Arguments after the name of the program or group: files of commands that they do not name are not loaded. */
  readonly args: readonly string[];
  /** Makes the action of a command from its work; what changes something says how the audit log names it. */
  readonly run: <Arguments extends readonly unknown[]>(
    work: Work<Arguments>,
    audit?: Audited<Arguments>,
  ) => (...args: Arguments) => Promise<void>;
}
