import { connect } from 'node:net';
import type { MysqlServer } from './facts.ts';

const probeTimeoutMs = 1000;
const defaultPort = 3306;

/** Servers that greet as MySQL and MariaDB do. One that listens on a socket and on its port is named once. */
export async function findMysql(
  { sockets, ports }: { readonly sockets: readonly string[]; readonly ports: readonly number[] },
  signal: AbortSignal,
): Promise<readonly MysqlServer[]> {
  const candidates = [
    ...sockets.map((host) => ({ host, port: defaultPort })),
    ...ports.map((port) => ({ host: '127.0.0.1', port })),
  ];
  const answers = await Promise.all(candidates.map((server) => isMysql(server, signal)));
  const found = candidates.filter((_, index) => answers[index]);
  return found.filter(({ port }, index) => found.findIndex((other) => other.port === port) === index);
}

/**
 * The server speaks first: a packet of three bytes of length and the number 0, then version 10 of the protocol, or
 * 255 for a refusal such as "Host is not allowed to connect" (protocol of MySQL, "Connection Phase").
 */
async function isMysql({ host, port }: MysqlServer, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const socket = host.startsWith('/') ? connect({ path: host }) : connect({ host, port });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('data', (greeting) =>
        resolve(greeting.length > 5 && greeting[3] === 0 && [10, 255].includes(greeting[4] ?? 0)),
      );
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      limit.addEventListener('abort', () => resolve(false), { once: true });
    });
  } finally {
    socket.destroy();
  }
}
