import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs `work` while no other process of this machine runs work under the same name. The lock is a listening
 * socket: the system frees it when its owner ends, however it ends, and waiting needs no polling, because the
 * owner's end closes the waiting connection.
 *
 * @template T
 * @param {string} name what is guarded, such as a path
 * @param {{ work: () => Promise<T>, onWait?: () => void }} options `onWait` is called once, if another has the lock
 * @returns {Promise<T>}
 */
export async function exclusively(name, { work, onWait }) {
  const address = lockAddress(name);
  let release = await tryAcquire(address);
  if (!release) onWait?.();
  while (!release) {
    await ownerEnded(address);
    release = await tryAcquire(address);
  }
  try {
    return await work();
  } finally {
    release();
  }
}

/** Size in bytes of an address in Linux (unix(7)). Node 20 fills shorter ones up, newer versions do not. */
const addressLength = 108;

/** Linux has sockets that no file belongs to; elsewhere a file in the folder for temporary files serves. */
function lockAddress(name) {
  const digest = createHash('sha256').update(name).digest('hex');
  if (process.platform === 'linux') return `\0resguardo-${digest}`.padEnd(addressLength, '-');
  return join(tmpdir(), `resguardo-${digest.slice(0, 32)}.lock`);
}

/** Resolves to a function that frees the lock, or to undefined if another has it. */
function tryAcquire(address) {
  return new Promise((resolve, reject) => {
    const waiting = new Set();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => waiting.delete(socket));
    });
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(address, () =>
      resolve(() => {
        server.close();
        for (const socket of waiting) socket.destroy();
      }),
    );
  });
}

function ownerEnded(address) {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    socket.resume();
    socket.on('close', () => resolve());
    socket.on('error', (error) => {
      if (error.code !== 'ECONNREFUSED' || address.startsWith('\0')) return;
      // The file of an owner that was killed.
      unlink(address).catch((failure) => failure.code !== 'ENOENT' && reject(failure));
    });
  });
}
