import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Bandwidth } from './limits.ts';

export interface SocketTimes {
  /** Address, TCP and TLS must be through within this. */
  readonly connectMs: number;
  /** A connection on which no byte moves for so long is cut; the service may think so long at most. */
  readonly idleMs: number;
}

export const defaultSocketTimes: SocketTimes = { connectMs: 15_000, idleMs: 60_000 };

/**
 * A connection that is cut when it stalls, and whose bytes keep to the limits. HTTP and SSH clients alike take
 * it for a socket: what the kernel takes and gives counts, so a slow upload of a large object is no stall.
 */
export class WatchedSocket extends Duplex {
  readonly #inner: Socket;
  readonly #bandwidth: Bandwidth;
  readonly #connectTimer: NodeJS.Timeout;
  /** Our own limits hold the connection up: that is no stall. */
  #held = 0;

  constructor(inner: Socket, bandwidth: Bandwidth, times: SocketTimes) {
    super({ allowHalfOpen: false, emitClose: true });
    this.#inner = inner;
    this.#bandwidth = bandwidth;
    const late = `no connection within ${times.connectMs / 1000} s`;
    this.#connectTimer = setTimeout(() => this.destroy(coded(late, 'ETIMEDOUT')), times.connectMs);
    inner.once(inner instanceof TLSSocket ? 'secureConnect' : 'connect', () =>
      clearTimeout(this.#connectTimer),
    );
    inner.setTimeout(times.idleMs, () => {
      if (this.#held === 0) this.destroy(coded(`no byte within ${times.idleMs / 1000} s`, 'ESTALLED'));
    });
    inner.setNoDelay(true);
    inner.on('connect', () => this.emit('connect'));
    inner.on('secureConnect', () => this.emit('secureConnect'));
    inner.on('data', (chunk: Buffer) => this.#received(chunk));
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => this.destroy());
  }

  get connecting(): boolean {
    return this.#inner.connecting;
  }

  get remoteAddress(): string | undefined {
    return this.#inner.remoteAddress;
  }

  // The clients' own time-outs would end slow requests: ours alone counts.
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#inner.setKeepAlive(enable, initialDelay);
    return this;
  }

  ref(): this {
    this.#inner.ref();
    return this;
  }

  unref(): this {
    this.#inner.unref();
    return this;
  }

  override _read(): void {
    if (this.#held === 0) this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  override _final(done: () => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#connectTimer);
    this.#inner.destroy();
    done(error);
  }

  #send(chunk: Buffer, done: (error?: Error | null) => void): void {
    const rate = this.#bandwidth.upload;
    const piece = chunk.subarray(0, rate.pieceBytes);
    const isLast = piece.length === chunk.length;
    const sent = isLast ? done : () => this.#send(chunk.subarray(piece.length), done);
    this.#hold(rate.reserve(piece.length), () => this.#inner.write(piece, sent));
  }

  #received(chunk: Buffer): void {
    const waitMs = this.#bandwidth.download.reserve(chunk.length);
    if (waitMs > 0) this.#inner.pause();
    this.#hold(waitMs, () => {
      if (this.push(chunk)) this.#inner.resume();
      else this.#inner.pause();
    });
  }

  #hold(waitMs: number, then: () => void): void {
    if (waitMs <= 0) {
      then();
      return;
    }
    this.#held += 1;
    setTimeout(() => {
      this.#held -= 1;
      if (!this.destroyed) then();
    }, waitMs);
  }
}

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
