import { read } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { LendingStream } from '../repository/archive/lending-stream.ts';

const pieceBytes = 1024 * 1024;

const standardInput = 0;

const readInto = promisify(read);

/**
 * Standard input for one who stores it: read into one buffer, piece by piece. As a stream of Node it would be new memory
 * for each piece, which takes twice the processor time. What is no pipe, socket or file is left as it is.
 */
export function storableInput(stdin: Readable): Readable {
  if (stdin !== process.stdin || process.stdin.isTTY) return stdin;
  return new LendingStream(stdin instanceof Socket ? new SocketPieces(standardInput) : filePieces());
}

async function* filePieces(): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes);
  for (;;) {
    const { bytesRead } = await readInto(standardInput, buffer, 0, pieceBytes, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

type Result = IteratorResult<Buffer, undefined>;

/** What comes through a pipe or socket. No generator: it may stand still for ever, and must be ended then. */
class SocketPieces implements AsyncIterableIterator<Buffer, undefined> {
  readonly #socket: Socket;
  readonly #buffer = Buffer.allocUnsafeSlow(pieceBytes);
  #wanted: PromiseWithResolvers<Result> | undefined;
  /** A piece that nobody has taken yet. */
  #arrived: Buffer | undefined;
  #end: { readonly error?: unknown } | undefined;

  constructor(descriptor: number) {
    const onPiece = (bytes: number): boolean => {
      this.#arrived = this.#buffer.subarray(0, bytes);
      this.#settle();
      // Pauses it: the buffer is lent until the next piece is wanted.
      return false;
    };
    this.#socket = new Socket({
      fd: descriptor,
      readable: true,
      writable: false,
      onread: { buffer: this.#buffer, callback: onPiece },
    });
    this.#socket.on('end', () => this.#finish({}));
    this.#socket.on('error', (error) => this.#finish({ error }));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    this.#wanted = Promise.withResolvers();
    const { promise } = this.#wanted;
    this.#settle();
    if (this.#wanted) this.#socket.resume();
    return promise;
  }

  async return(): Promise<Result> {
    this.#finish({});
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<Result> {
    this.#finish({ error });
    return { done: true, value: undefined };
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#socket.destroy();
    this.#settle();
  }

  /** Answers who waits, if there is something to say. */
  #settle(): void {
    const [wanted, arrived, end] = [this.#wanted, this.#arrived, this.#end];
    if (!wanted || !(arrived || end)) return;
    this.#wanted = undefined;
    this.#arrived = undefined;
    if (end && 'error' in end) wanted.reject(end.error);
    else if (arrived) wanted.resolve({ done: false, value: arrived });
    else wanted.resolve({ done: true, value: undefined });
  }
}
