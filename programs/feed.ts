import type { Writable } from 'node:stream';

export type ProgramInput = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Writes all of the input and ends it. Resolves too when the program stops reading: why it did so is for the
 * program to say. On an error of the input the program's standard input stays open: its end would look like
 * the end of the data.
 */
export async function feedProgram(stdin: Writable, input: ProgramInput): Promise<void> {
  let closed = false;
  let wake = (): void => {};
  const onClose = (): void => {
    closed = true;
    wake();
  };
  // EPIPE and its like: the stream is destroyed, and `close` follows.
  stdin.on('error', () => {});
  stdin.once('close', onClose);
  stdin.on('drain', () => wake());
  for await (const chunk of input) {
    if (closed) return;
    if (stdin.write(chunk) || closed) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  if (!closed) stdin.end();
}
