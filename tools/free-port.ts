import { createServer } from 'node:net';
import { Failure } from '../contracts/failures.ts';

const host = '127.0.0.1';

/**
 * Resolves to the wanted TCP port of the loopback interface if nobody listens there, or to any such port.
 * Another program may still take it before it is used.
 * @throws {Failure} ToolFailed if the wanted port is taken: its owner would be mistaken for the server that
 *   is to be started
 */
export function freePort(wanted?: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => {
      const message = `Port ${wanted ?? 0} of ${host} cannot be used: ${cause.message}`;
      const advice = 'Stop the program that listens there, or choose another port.';
      reject(new Failure('ToolFailed', message, { advice, cause }));
    });
    server.listen({ host, port: wanted ?? 0, exclusive: true }, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
