import type { Command } from 'commander';

/** A command line, and what it does. */
export type Example = readonly [commandLine: string, description: string];

/** Adds examples to the end of a command's help. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  const lines = examples.flatMap(([commandLine, description]) => [`  # ${description}`, `  ${commandLine}`]);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n`);
}
