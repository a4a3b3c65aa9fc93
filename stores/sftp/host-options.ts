import { homedir, userInfo } from 'node:os';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { captureProgram } from '../../programs/capture.ts';
import { parseJumps, type SshHost } from './jumps.ts';

/** What ssh's own configuration says of a host. */
export interface HostOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFiles: readonly string[];
  readonly knownHostsFiles: readonly string[];
  /** Hosts on the way, in their order; empty for one that is reached directly. */
  readonly jumps: readonly SshHost[];
}

/**
 * Asks `ssh -G`, which knows ~/.ssh/config best; without an ssh here, its defaults count.
 * @throws {Failure} InvalidConfiguration for a host that is reached by a command
 */
export async function hostOptions(location: SshHost, signal: AbortSignal): Promise<HostOptions> {
  const args = [
    '-G',
    ...(location.port === undefined ? [] : ['-p', String(location.port)]),
    ...(location.user === undefined ? [] : ['-l', location.user]),
    '--',
    location.host,
  ];
  try {
    const { stdout } = await captureProgram({ command: 'ssh', args, signal });
    return parseHostOptions(stdout.toString('utf8'), location);
  } catch (error) {
    if (signal.aborted || isFailure(error, 'InvalidConfiguration')) throw error;
    return parseHostOptions('', location);
  }
}

/** Parses what `ssh -G` prints: lines of a keyword in small letters and its value. */
export function parseHostOptions(text: string, { host, port, user }: SshHost): HostOptions {
  const lines = text.split('\n').map((line) => {
    const [keyword = '', ...value] = line.trim().split(' ');
    return [keyword, value.join(' ')] as const;
  });
  const all = (keyword: string): readonly string[] =>
    lines.flatMap(([found, value]) => (found === keyword && value !== 'none' ? [value] : []));
  if (all('proxycommand').length > 0) throw reachedByCommand(host);
  const files = [...all('userknownhostsfile'), ...all('globalknownhostsfile')].flatMap((list) =>
    list.split(' '),
  );
  return {
    host: all('hostname')[0] ?? host,
    port: port ?? Number(all('port')[0] ?? 22),
    user: user ?? all('user')[0] ?? userInfo().username,
    keyFiles: (all('identityfile').length === 0 ? defaultKeyFiles : all('identityfile')).map(expand),
    knownHostsFiles: (files.length === 0 ? defaultKnownHosts : files).map(expand),
    jumps: all('proxyjump').flatMap(parseJumps),
  };
}

const defaultKeyFiles = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const defaultKnownHosts = ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'];

function expand(path: string): string {
  return path.replace(/^~(?=\/)/, homedir()).replace(/^%d(?=\/)/, homedir());
}

function reachedByCommand(host: string): Failure {
  return new Failure(
    'InvalidConfiguration',
    `${host} is reached by ProxyCommand of ~/.ssh/config, which is not supported.`,
    { advice: 'Write it as ProxyJump, or open a tunnel by ssh -L and name its end in the repository URL.' },
  );
}
