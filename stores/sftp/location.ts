import { Failure } from '../../contracts/failures.ts';
import { isHostName, type SshHost } from './jumps.ts';

/** Where a repository lies on a server that speaks SFTP. */
export interface SftpLocation extends SshHost {
  /** Absolute, or relative to the home of the user. */
  readonly path: string;
}

/**
 * Parses a repository URL in restic's notation: `sftp:user@host:/path`, or `sftp://user@host:port//path`, where
 * a path that starts with one slash alone begins in the home of the user.
 * @throws {Failure} InvalidConfiguration
 */
export function parseSftpLocation(url: string): SftpLocation {
  const location = url.startsWith('sftp://') ? fromUrl(url) : fromScp(url);
  if (!isHostName(location.host)) throw wrongUrl('its host is malformed');
  if (location.path === '') throw wrongUrl('the path is missing');
  return location;
}

function fromUrl(url: string): SftpLocation {
  if (!URL.canParse(url)) throw wrongUrl('it has another form');
  const { hostname, port, username, password, pathname } = new URL(url);
  if (password !== '') throw holdsPassword();
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    path: trimmed(decodeURIComponent(pathname.slice(1))),
  };
}

function fromScp(url: string): SftpLocation {
  const match = /^sftp:(?:([^@/]*)@)?(\[[^\]]+\]|[^:/@]+):(.*)$/.exec(url);
  if (match === null) throw wrongUrl('it has another form');
  const [, user, host = '', path = ''] = match;
  if (user?.includes(':')) throw holdsPassword();
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: undefined,
    user: user || undefined,
    path: trimmed(path),
  };
}

function trimmed(path: string): string {
  return path === '/' ? path : path.replace(/\/+$/, '');
}

function holdsPassword(): Failure {
  return new Failure('InvalidConfiguration', 'The repository URL for SFTP must not hold a password.', {
    advice: 'Use a key, or give the password by sftp.password of the repository.',
  });
}

/** The URL itself is left out: what is malformed may hold a password. */
function wrongUrl(why: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL is wrong: ${why}.`, {
    advice: 'Write it as sftp:USER@HOST:/PATH or sftp://USER@HOST:PORT//PATH.',
  });
}
