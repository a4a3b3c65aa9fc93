import { readFile } from 'node:fs/promises';
import { Client, type ConnectConfig } from 'ssh2';
import { resolveSecret } from '../../secrets/resolve.ts';
import { defaultSocketTimes } from '../network/watched-socket.ts';
import type { StoreSettings } from '../settings.ts';
import { StoreFailure } from '../trouble.ts';
import { sftpFailure } from './failures.ts';
import type { HostOptions } from './host-options.ts';
import { hostKeyAlgorithms, isKnown, type KnownKey, knownKeys } from './known-hosts.ts';

/** What bytes go through. */
export type Line = NonNullable<ConnectConfig['sock']>;

export interface SshLogin {
  readonly host: HostOptions;
  readonly settings: StoreSettings;
  /** Opens the connection to the host. */
  readonly open: (host: HostOptions) => Promise<Line>;
  readonly signal: AbortSignal;
}

/** For people. */
export function placeOf({ user, host, port }: HostOptions): string {
  return `${user}@${host}:${port}`;
}

/**
 * Connects to a server, checks its key against known_hosts and logs in.
 * @throws {Failure} StoreUnavailable, StoreAuthentication, InvalidConfiguration, SecretUnavailable
 */
export async function logIn({ host, settings, open, signal }: SshLogin): Promise<Client> {
  const client = new Client();
  const end = (): void => {
    client.end();
    client.destroy();
    sock?.destroy();
  };
  let sock: Line | undefined;
  let refused: StoreFailure | undefined;
  signal.addEventListener('abort', end, { once: true });
  try {
    const known = await readKnownKeys(host, settings);
    const login = await loginOptions(host, settings);
    const times = settings.times ?? defaultSocketTimes;
    sock = await open(host);
    await ready(client, {
      ...login,
      sock,
      username: host.user,
      algorithms: { serverHostKey: { append: [], prepend: asAlgorithms(known), remove: [] } },
      hostVerifier: (key: Buffer) => {
        if (isKnown(known, key)) return true;
        refused = known.length === 0 ? unknownServer(host) : changedServer(host);
        return false;
      },
      readyTimeout: times.connectMs,
      // The server must answer these, so that a dead connection is noticed while requests wait on it.
      keepaliveInterval: Math.ceil(times.idleMs / 4),
      keepaliveCountMax: 3,
    });
    return client;
  } catch (error) {
    end();
    throw refused ?? sftpFailure(error, { action: 'Connecting', place: placeOf(host), signal });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** An error that comes later must not end the process; it is followed by `close`. */
function ready(client: Client, options: ConnectConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('close', () => reject(connectionLost()));
    client.once('ready', resolve);
    client.connect(options);
  });
}

export function connectionLost(): Error {
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

function unknownServer(host: HostOptions): StoreFailure {
  return new StoreFailure('unknown-server', {
    action: 'Connecting',
    place: placeOf(host),
    code: 'the host is not in known_hosts',
    advice: `Compare its key with that of the server; then enter it: ${entering(host)}`,
  });
}

function changedServer(host: HostOptions): StoreFailure {
  const name = host.port === 22 ? host.host : `[${host.host}]:${host.port}`;
  return new StoreFailure('unknown-server', {
    action: 'Connecting',
    place: placeOf(host),
    code: 'it shows another key than known_hosts has',
    advice: `Somebody may stand between you and the server. Only if it was set up anew, and its key is the one you see there: ssh-keygen -R '${name}' && ${entering(host)}`,
  });
}

function entering({ host, port }: HostOptions): string {
  return `ssh-keyscan ${port === 22 ? host : `-p ${port} ${host}`} >> ~/.ssh/known_hosts`;
}
