import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { openPipe } from '../posix/pipe.ts';

/** A pipe of this size takes what a program writes at once, and we read as much in one go. */
const pipeBytes = 1_048_576;

/**
 * The output of a program, read into one buffer again and again. Node gives programs a socket, reads 64 KiB at a time
 * and allocates memory for each: of a dump of gigabytes that is a fifth of our time.
 */
export class LentOutput {
  /** For the program, before it is started. */
  readonly descriptor: number;
  readonly #buffer = Buffer.allocUnsafeSlow(pipeBytes);
  readonly #socket: Socket;
  #size = 0;
  #isEnded = false;
  #wake: () => void = () => {};

  constructor() {
    const { readEnd, writeEnd } = openPipe(pipeBytes);
    this.descriptor = writeEnd;
    this.#socket = new Socket({
      ...{ fd: readEnd, readable: true, writable: false },
      onread: {
        buffer: this.#buffer,
        callback: (size) => {
          this.#size = size;
          this.#wake();
          return false;
        },
      },
    });
    this.#socket.on('error', () => {});
    this.#socket.once('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  /** The program has it now; when the program ends, so does the output. */
  handOver(): void {
    closeSync(this.descriptor);
  }

  /** Each piece is valid until the next one is asked for. Ends when the program has closed it, or after `destroy`. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      this.#size = 0;
      this.#socket.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#size > 0 || this.#isEnded) resolve();
      });
      if (this.#size === 0) return;
      yield this.#buffer.subarray(0, this.#size);
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
