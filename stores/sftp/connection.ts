import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { resolveSecret } from '../../secrets/resolve.ts';
import type { Bandwidth } from '../network/limits.ts';
import { defaultSocketTimes, WatchedSocket } from '../network/watched-socket.ts';
import type { StoreSettings } from '../settings.ts';
import { StoreFailure } from '../trouble.ts';
import { sftpFailure } from './failures.ts';
import { type HostOptions, hostOptions } from './host-options.ts';
import { hostKeyAlgorithms, isKnown, type KnownKey, knownKeys } from './known-hosts.ts';
import type { SftpLocation } from './location.ts';

export interface SftpConnection {
  readonly sftp: SFTPWrapper;
  /** False once it has ended, for whatever reason. */
  readonly isOpen: () => boolean;
  /** Rejects when the connection has ended: ssh2 leaves requests that are under way then without an answer. */
  readonly ended: Promise<never>;
  close(): void;
}

/**
 * Connects, checks the key of the server against known_hosts, and logs in.
 * @throws {Failure} StoreUnavailable, StoreAuthentication, InvalidConfiguration, SecretUnavailable
 */
export async function connectSftp(
  location: SftpLocation,
  settings: StoreSettings & { readonly bandwidth: Bandwidth },
  signal: AbortSignal,
): Promise<SftpConnection> {
  const host = await hostOptions(location, signal);
  const place = `${host.user}@${host.host}:${host.port}`;
  const known = await readKnownKeys(host, settings);
  if (known.length === 0) throw unknownServer(host, place, 'the host is not in known_hosts');
  const login = await loginOptions(host, settings);
  const times = settings.times ?? defaultSocketTimes;
  const socket = connect({ host: host.host, port: host.port });
  const client = new Client();
  let refused: StoreFailure | undefined;
  const end = (): void => {
    client.end();
    client.destroy();
    socket.destroy();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const sftp = await open(client, {
      ...login,
      sock: new WatchedSocket(socket, settings.bandwidth, times),
      username: host.user,
      algorithms: { serverHostKey: { append: [], prepend: asAlgorithms(known), remove: [] } },
      hostVerifier: (key: Buffer) => {
        if (isKnown(known, key)) return true;
        refused = unknownServer(host, place, 'it shows another key than known_hosts has');
        return false;
      },
      readyTimeout: times.connectMs,
      // The server must answer these, so that a dead connection is noticed while requests wait on it.
      keepaliveInterval: Math.ceil(times.idleMs / 4),
      keepaliveCountMax: 3,
    });
    let isOpen = true;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    ended.catch(() => {});
    client.on('error', reject);
    client.once('close', () => {
      isOpen = false;
      reject(connectionLost());
    });
    return { sftp, isOpen: () => isOpen, ended, close: end };
  } catch (error) {
    end();
    throw refused ?? sftpFailure(error, { action: 'Connecting', place, signal });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function open(client: Client, options: ConnectConfig): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('close', () => reject(connectionLost()));
    client.once('ready', () => {
      promisify(client.sftp.bind(client))().then(resolve, reject);
    });
    client.connect(options);
  });
}

function connectionLost(): Error {
  return Object.assign(new Error('the connection was lost'), { code: 'ECONNRESET' });
}

type LoginOptions = Pick<ConnectConfig, 'agent' | 'privateKey' | 'passphrase' | 'password'>;

/** A given key or password; else the agent, and the first key of ssh's own that is there. */
async function loginOptions(host: HostOptions, { sftp = {}, env }: StoreSettings): Promise<LoginOptions> {
  const reveal = async (reference: string) => (await resolveSecret(reference, env)).reveal();
  const { privateKey, passphrase, password } = sftp;
  const given = {
    ...(passphrase !== undefined && { passphrase: await reveal(passphrase) }),
    ...(password !== undefined && { password: await reveal(password) }),
  };
  // The last line end of a key is part of its form.
  if (privateKey !== undefined) return { ...given, privateKey: `${await reveal(privateKey)}\n` };
  if (password !== undefined) return given;
  const key = await firstOf(host.keyFiles);
  return {
    ...given,
    ...(env.SSH_AUTH_SOCK && { agent: env.SSH_AUTH_SOCK }),
    ...(key !== undefined && isUsable(key, passphrase) && { privateKey: key }),
  };
}

/** A key that only the agent can open would end the attempt before the agent is asked. */
function isUsable(key: string, passphrase: string | undefined): boolean {
  return (
    passphrase !== undefined || !/ENCRYPTED|bcrypt/.test(key + Buffer.from(key, 'base64').toString('latin1'))
  );
}

async function firstOf(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

async function readKnownKeys(host: HostOptions, { sftp }: StoreSettings): Promise<readonly KnownKey[]> {
  const files = sftp?.knownHostsFile === undefined ? host.knownHostsFiles : [sftp.knownHostsFile];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text) => knownKeys(text, host.host, host.port));
}

type HostKeyAlgorithms = Extract<
  NonNullable<NonNullable<ConnectConfig['algorithms']>['serverHostKey']>,
  { prepend: unknown }
>['prepend'];

/** Of types that ssh2 does not know, it says so itself. */
function asAlgorithms(keys: readonly KnownKey[]): HostKeyAlgorithms {
  return hostKeyAlgorithms(keys) as HostKeyAlgorithms;
}

function unknownServer({ host, port }: HostOptions, place: string, code: string): StoreFailure {
  const scan = port === 22 ? host : `-p ${port} ${host}`;
  return new StoreFailure('unknown-server', {
    action: 'Connecting',
    place,
    code,
    advice: `Compare its key with that of the server; then enter it: ssh-keyscan ${scan} >> ~/.ssh/known_hosts`,
  });
}
