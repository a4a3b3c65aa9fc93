import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import type { SharedPostgres } from '../../servers/postgres.ts';

/** Type of the message BackendKeyData. */
const keyData = 'K'.charCodeAt(0);

/** Stands between as a pooler does: clients get a process id that is not that of the server's process. */
export async function startPooler({ host, port }: SharedPostgres) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(otherKey()).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Replaces the process id in BackendKeyData, and passes all else on. */
function otherKey(): Transform {
  let pending = Buffer.alloc(0);
  let replaced = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      pending = Buffer.concat([pending, chunk]);
      let position = 0;
      while (!replaced && pending.length >= position + 5) {
        const end = position + 1 + pending.readUInt32BE(position + 1);
        if (pending.length < end) break;
        if (pending[position] === keyData) {
          pending.writeUInt32BE(1, position + 5);
          replaced = true;
        }
        position = end;
      }
      if (replaced) position = pending.length;
      callback(null, pending.subarray(0, position));
      pending = pending.subarray(position);
    },
  });
}
