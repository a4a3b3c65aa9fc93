import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface TcpProxyOptions {
  readonly host: string;
  readonly port: number;
  /** Added to each direction, so that a round trip takes twice as long. */
  readonly latencyMs?: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: () => number;
  /** From now on, the bytes of connections are held back after so many from the server; undefined ends that. */
  stallAfter(bytes: number | undefined): void;
  /** Cuts all connections. */
  cut(): void;
  close(): void;
}

/** A proxy of bytes, for what is no HTTP and for latency as a real line has it. */
export async function tcpProxy({ host, port, latencyMs = 0 }: TcpProxyOptions): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let count = 0;
  let stallBytes: number | undefined;
  const server = createServer({ noDelay: true }, (client) => {
    count += 1;
    const upstream = connect({ host, port, noDelay: true });
    let passed = 0;
    upstream.on('data', (chunk) => {
      passed += chunk.length;
    });
    const isStalled = (): boolean => stallBytes !== undefined && passed > stallBytes;
    client.pipe(delayed(latencyMs, () => false)).pipe(upstream);
    upstream.pipe(delayed(latencyMs, isStalled)).pipe(client);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => count,
    stallAfter: (bytes) => {
      stallBytes = bytes;
    },
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

/** Passes each chunk on after a time, in order; later chunks do not wait for the earlier ones' time. */
function delayed(latencyMs: number, isStalled: () => boolean): Transform {
  return new Transform({
    // What is on the line: enough for a fast one.
    readableHighWaterMark: 16 * 1024 * 1024,
    writableHighWaterMark: 16 * 1024 * 1024,
    transform(chunk, _encoding, done) {
      if (isStalled()) return;
      if (latencyMs === 0) {
        done(null, chunk);
        return;
      }
      setTimeout(() => this.push(chunk), latencyMs);
      done();
    },
    flush(done) {
      setTimeout(done, latencyMs);
    },
  });
}
