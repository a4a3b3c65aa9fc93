import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { defineCommands } from '../../cli/registry.ts';
import { allPages, codeLines } from './pages.ts';

/** Options of the program itself, which every command takes. */
const globalOptions = ['--config', '--json', '--quiet', '--help', '--version'];

describe('the manual', () => {
  test('shows commands and options that exist', async () => {
    const program = new Command('resguardo');
    await defineCommands({ parent: program, args: [], run: () => async () => {} });
    const wrong = allPages().flatMap((page) =>
      shownCommands(page.text, codeLines(page)).flatMap((words) =>
        faultsOf(program, words).map((fault) => `${page.file}: resguardo ${words.join(' ')}: ${fault}`),
      ),
    );
    assert.deepEqual(wrong, []);
  });
});

/** The words after `resguardo`, in blocks of code and in the text. */
function shownCommands(text: string, lines: readonly string[]): readonly (readonly string[])[] {
  const inline = [...text.matchAll(/`resguardo\s+([^`]+)`/g)].map(([, words = '']) => words);
  const blocks = lines.flatMap((line) =>
    line
      .replace(/ #.*| -> .*/, '')
      .split(/[;|]|&&/)
      .flatMap((part) => part.match(/^\s*(?:\$ )?(?:\w+=\S+ )*(?:npx )?resguardo (?!.*: )(.+)$/)?.[1] ?? []),
  );
  return [...inline, ...blocks].map((words) => words.trim().split(/\s+/));
}

function faultsOf(program: Command, words: readonly string[]): readonly string[] {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (child === undefined) break;
    command = child;
  }
  if (command.commands.length > 0)
    return command === program ? ['no such command'] : groupFaults(command, words);
  return words
    .filter((word) => /^--[a-z]/.test(word))
    .map((word) => word.replace(/[=[\]].*/, ''))
    .filter((name) => !globalOptions.includes(name) && !command.options.some(({ long }) => long === name))
    .map((name) => `no option ${name}`);
}

/** A group may be named alone, or with its commands in one: `apply|list`. */
function groupFaults(group: Command, words: readonly string[]): readonly string[] {
  const next = words.slice(words.indexOf(group.name()) + 1).find((word) => !word.startsWith('-'));
  if (next === undefined || next === '…') return [];
  const unknown = next.split('|').filter((name) => !group.commands.some((each) => each.name() === name));
  return unknown.map((name) => `no command ${name} in ${group.name()}`);
}
