import type { Writable } from 'node:stream';

export type ProgramInput = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Writes all of the input and ends it. A chunk is used no more when the next one is asked for, so that who gave it can
 * use its memory again. Resolves too when the program stops reading: why it did so is for the program to say. On an
 * error of the input the program's standard input stays open: its end would look like the end of the data.
 */
export async function feedProgram(stdin: Writable, input: ProgramInput): Promise<void> {
  let closed = false;
  // EPIPE and its like: the stream is destroyed, and `close` follows.
  stdin.on('error', () => {});
  stdin.once('close', () => {
    closed = true;
  });
  for await (const chunk of input) {
    if (closed) return;
    await new Promise<void>((resolve) => {
      stdin.once('close', resolve);
      stdin.write(chunk, (error) => {
        // Before `close`, for which an input without end would leave no time.
        closed ||= Boolean(error);
        stdin.off('close', resolve);
        resolve();
      });
    });
  }
  if (!closed) stdin.end();
}
