import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { OpenSsh } from './openssh.ts';
import { serverAccount } from './server-account.ts';
import { startServerProcess, waitUntilReady } from './server-process.ts';
import { runStep } from './step.ts';

export interface SshServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key that may log in, and the line of the server for known_hosts. */
  readonly privateKeyFile: string;
  readonly knownHostsFile: string;
  /** Writable by the user. */
  readonly folder: string;
}

/**
 * Starts sshd on the loopback interface, for SFTP alone. It runs as an ordinary user and lets that one in; as
 * root it would need an account of its own in the system.
 * @throws {Failure} ToolFailed
 */
export async function startSshd(options: {
  readonly openSsh: OpenSsh;
  readonly signal?: AbortSignal;
}): Promise<SshServer & { stop(): Promise<void> }> {
  const { openSsh, signal = new AbortController().signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-sshd-'));
  const at = (name: string): string => join(folder, name);
  try {
    const port = await freePort();
    for (const name of ['host', 'login']) await makeKey(at(name), signal);
    await writeFile(at('authorized_keys'), await readFile(at('login.pub')));
    const [type, key] = (await readFile(at('host.pub'), 'utf8')).split(' ');
    await writeFile(at('known_hosts'), `[127.0.0.1]:${port} ${type} ${key}\n`);
    await writeFile(at('sshd_config'), configuration(port, folder));
    const account = await serverAccount(folder, [openSsh.sshd]);
    if (account !== undefined) await giveTo(account.uid, folder, ['host', 'authorized_keys', 'sshd_config']);
    const [command = openSsh.sshd, ...prefix] = [...(account?.prefix ?? []), openSsh.sshd];
    const server = startServerProcess({
      name: 'sshd',
      command,
      args: [...prefix, '-D', '-e', '-f', at('sshd_config')],
      env: openSsh.libraryPath === '' ? {} : { LD_LIBRARY_PATH: openSsh.libraryPath },
    });
    const answers = (): Promise<boolean> => isListening(port);
    await waitUntilReady({ name: 'sshd', process: server, answers, timeoutMs: 30_000, signal });
    const stop = async (): Promise<void> => {
      await server.stop('SIGTERM', 3_000);
      await rm(folder, { recursive: true, force: true });
    };
    const user = await nameOf(account?.uid);
    const files = { privateKeyFile: at('login'), knownHostsFile: at('known_hosts') };
    return { host: '127.0.0.1', port, user, ...files, folder, stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makeKey(path: string, signal: AbortSignal): Promise<void> {
  const args = ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path];
  await runStep({ command: 'ssh-keygen', args, signal });
}

function configuration(port: number, folder: string): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'MaxSessions 64',
    'MaxStartups 64',
    'PidFile none',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');
}

async function giveTo(uid: number, folder: string, names: readonly string[]): Promise<void> {
  // The key for logging in stays ours, and must be readable for us alone.
  await chmod(folder, 0o711);
  for (const name of names) await chown(join(folder, name), uid, uid);
}

async function nameOf(uid: number | undefined): Promise<string> {
  if (uid === undefined) return userInfo().username;
  const entries = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  return entries.find(([, , id]) => Number(id) === uid)?.[0] ?? 'nobody';
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
