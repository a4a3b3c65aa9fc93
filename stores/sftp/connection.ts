import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { Client, SFTPWrapper } from 'ssh2';
import type { Bandwidth } from '../network/limits.ts';
import { defaultSocketTimes, WatchedSocket } from '../network/watched-socket.ts';
import type { StoreSettings } from '../settings.ts';
import { StoreFailure } from '../trouble.ts';
import { sftpFailure } from './failures.ts';
import type { HostOptions } from './host-options.ts';
import type { SftpLocation } from './location.ts';
import { routeTo } from './route.ts';
import { connectionLost, type Line, logIn, placeOf } from './ssh-login.ts';

export interface SftpConnection {
  readonly sftp: SFTPWrapper;
  /** False once it has ended, for whatever reason. */
  readonly isOpen: () => boolean;
  /** Rejects when the connection has ended: ssh2 leaves requests that are under way then without an answer. */
  readonly ended: Promise<never>;
  close(): void;
}

type ConnectionSettings = StoreSettings & { readonly bandwidth: Bandwidth };

/**
 * Connects, through the hosts on the way if there are any, checks the key of each server against known_hosts, and
 * logs in.
 * @throws {Failure} StoreUnavailable, StoreAuthentication, InvalidConfiguration, SecretUnavailable
 */
export async function connectSftp(
  location: SftpLocation,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<SftpConnection> {
  const { jumps, target } = await routeTo(location, settings.sftp?.proxyJump, signal);
  const clients: Client[] = [];
  // The innermost first: it says good-bye through the others.
  const close = (): void => {
    for (const client of clients.toReversed()) {
      client.end();
      client.destroy();
    }
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    let open = async (host: HostOptions): Promise<Line> => socketTo(host, settings);
    for (const host of jumps) {
      const client = await logIn({ host, settings: withoutPassword(settings), open, signal });
      clients.push(client);
      open = (next) => channelTo(next, { client, host }, signal);
    }
    const client = await logIn({ host: target, settings, open, signal });
    clients.push(client);
    return await sessionOf(client, close);
  } catch (error) {
    close();
    throw sftpFailure(error, { action: 'Connecting', place: placeOf(target), signal });
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** It is that of the user there, and nobody else's to see. */
function withoutPassword({ sftp, ...settings }: ConnectionSettings): ConnectionSettings {
  return { ...settings, sftp: { ...sftp, password: undefined } };
}

function socketTo({ host, port }: HostOptions, { bandwidth, times }: ConnectionSettings): Line {
  return new WatchedSocket(connect({ host, port }), bandwidth, times ?? defaultSocketTimes);
}

/** A connection that the host before opens for us. */
async function channelTo(
  { host, port }: HostOptions,
  before: { readonly client: Client; readonly host: HostOptions },
  signal: AbortSignal,
): Promise<Line> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const lost = (): void => reject(connectionLost());
  before.client.once('close', lost);
  try {
    const open = promisify(before.client.forwardOut.bind(before.client));
    const channel = await Promise.race([open('127.0.0.1', 0, host, port), ended]);
    // What the other end has closed half would look like a server that says nothing.
    channel.once('end', () => channel.destroy());
    return channel;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreFailure('unreachable', {
      action: 'Connecting',
      place: `${host}:${port}, through ${placeOf(before.host)}`,
      code: why,
      advice: 'Let the host on the way open connections (AllowTcpForwarding), and check address and port.',
      cause: error,
    });
  } finally {
    before.client.removeListener('close', lost);
  }
}

async function sessionOf(client: Client, close: () => void): Promise<SftpConnection> {
  let isOpen = true;
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  client.on('error', reject);
  client.once('close', () => {
    isOpen = false;
    reject(connectionLost());
    // Nobody needs the way any more.
    close();
  });
  const opened: Promise<SFTPWrapper> = promisify(client.sftp.bind(client))();
  const sftp = await Promise.race([opened, ended]);
  return { sftp, isOpen: () => isOpen, ended, close };
}
