import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type Failure, failureRules } from '../../contracts/failures.ts';
import { printableLines } from './printable.ts';

export interface OutputOptions {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Prints stacks and causes of errors (RESGUARDO_DEBUG). */
  readonly debug: boolean;
}

export interface ListItem {
  readonly document: unknown;
  readonly text: string;
}

/**
 * Where a command's words go. Results go to standard output: text for people, or JSON with `--json`. All
 * else that people read goes to standard error.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly stderr: Writable;
  readonly #stdout: Writable;
  readonly #debug: boolean;

  constructor(options: OutputOptions) {
    this.#stdout = options.stdout;
    this.stderr = options.stderr;
    this.json = options.json;
    this.quiet = options.quiet;
    this.#debug = options.debug;
  }

  /** The result of a command: one JSON document, or text. */
  async result(document: unknown, text: string): Promise<void> {
    await write(this.#stdout, `${this.json ? JSON.stringify(document) : text}\n`);
  }

  /** Many results, as they come: the elements of one JSON array, or a line of text each. */
  async list(items: AsyncIterable<ListItem> | Iterable<ListItem>): Promise<void> {
    let count = 0;
    for await (const { document, text } of items) {
      const line = this.json ? `${count === 0 ? '[' : ','}${JSON.stringify(document)}` : text;
      await write(this.#stdout, `${line}\n`);
      count += 1;
    }
    if (this.json) await write(this.#stdout, count === 0 ? '[]\n' : ']\n');
  }

  /** Bytes as they are. */
  async bytes(data: Uint8Array): Promise<void> {
    await write(this.#stdout, data);
  }

  /** A line of JSON for programs that follow a long command; nothing without `--json`. */
  async event(name: 'started' | 'progress' | 'item' | 'result', document: object): Promise<void> {
    if (this.json) await write(this.#stdout, `${JSON.stringify({ event: name, ...document })}\n`);
  }

  /**
   * The end of a long command: its last line of JSON, or text unless `--quiet`. Damage is told of in any case.
   */
  async summary(
    document: object,
    text: string,
    { isDamage = false }: { readonly isDamage?: boolean } = {},
  ): Promise<void> {
    if (this.json) await this.event('result', document);
    else if (!this.quiet) await write(this.#stdout, `${text}\n`);
    else if (isDamage) this.warn(text);
  }

  /** What people may like to know; not with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) this.stderr.write(`${printableLines(text)}\n`);
  }

  /** What people must know, `--quiet` or not. */
  warn(text: string): void {
    this.stderr.write(`${printableLines(text)}\n`);
  }

  /**
   * What failed, on what, why; then on a line of its own what to do now. `context` is added to the JSON.
   */
  async failure(failure: Failure, context: object = {}): Promise<void> {
    if (this.json) {
      const { type, message, advice } = failure;
      const exitCode = failureRules[type].exitCode;
      const document = { event: 'error', ...context, type, message, advice, exitCode };
      await write(this.#stdout, `${JSON.stringify(document)}\n`);
    }
    this.warn(`resguardo: ${failure.message}`);
    if (failure.advice !== '') this.warn(`  ${failure.advice}`);
    if (this.#debug) this.stderr.write(`${describeCauses(failure)}\n`);
  }
}

function describeCauses(failure: Failure): string {
  const lines: string[] = [];
  let error: unknown = failure;
  // A chain of causes that comes back to itself must not hang us.
  for (let depth = 0; error !== undefined && depth < 16; depth += 1) {
    lines.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return lines.join('\ncaused by: ');
}

async function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  if (stream.destroyed) return;
  if (!stream.write(data)) await once(stream, 'drain');
}
