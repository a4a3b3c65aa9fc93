import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { Failure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import type { CommandContext } from './context.ts';

export interface PromptOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: Writable;
  readonly signal: AbortSignal;
}

const [ctrlC, ctrlD, backspace, ctrlU, deleteKey] = ['\u0003', '\u0004', '\b', '\u0015', '\u007f'];

/**
 * Asks for a secret on the terminal, without showing what is typed.
 * @throws {Failure} Cancelled by Ctrl-C or Ctrl-D
 */
export async function promptSecret(question: string, options: PromptOptions): Promise<Secret> {
  const { stdin, stderr, signal } = options;
  signal.throwIfAborted();
  stderr.write(`${question}: `);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    return new Secret(await readLine(stdin, signal));
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/**
 * Asks a question on the terminal; resolves to the line that was typed.
 * @throws {Failure} Cancelled by Ctrl-C or Ctrl-D
 */
export async function promptLine(
  question: string,
  { stdin, stderr, signal }: PromptOptions,
): Promise<string> {
  const left = new AbortController();
  const reader = createInterface({ input: stdin, output: stderr, terminal: true });
  reader.once('SIGINT', () => left.abort(cancelled()));
  reader.once('close', () => left.abort(cancelled()));
  const stop = AbortSignal.any([signal, left.signal]);
  try {
    return (await reader.question(`${question}: `, { signal: stop })).trim();
  } catch (error) {
    throw stop.aborted ? stop.reason : error;
  } finally {
    reader.close();
  }
}

/**
 * Asks a person for a yes. Programs, which cannot answer, are not asked.
 * @throws {Failure} Cancelled, with the words for that, when the answer is anything else
 */
export async function confirmByHand(
  { stdin, signal, output }: Pick<CommandContext, 'stdin' | 'signal' | 'output'>,
  question: string,
  otherwise: string,
): Promise<void> {
  if (!stdin.isTTY || output.json) return;
  const answer = await promptLine(`${question} [y/N]`, { stdin, signal, stderr: output.stderr });
  if (/^y(es)?$/i.test(answer)) return;
  throw new Failure('Cancelled', otherwise, { advice: '' });
}

/** In raw mode the terminal neither shows nor edits nor makes signals of keys: what is needed is done here. */
function readLine(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    const finish = (settle: () => void): void => {
      stdin.off('data', onData);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(signal.reason));
    const onKey = (key: string): void => {
      if (key === '\r' || key === '\n') finish(() => resolve(line));
      else if (key === ctrlC || key === ctrlD) finish(() => reject(cancelled()));
      else if (key === ctrlU) line = '';
      else if (key === backspace || key === deleteKey) line = [...line].slice(0, -1).join('');
      else line += key;
    };
    // A paste comes as one piece.
    const onData = (text: string): void => {
      for (const key of text) onKey(key);
    };
    stdin.on('data', onData);
    signal.addEventListener('abort', onAbort, { once: true });
    stdin.resume();
  });
}

function cancelled(): Failure {
  return new Failure('Cancelled', 'Cancelled', { advice: '' });
}
