import { Failure } from '../../contracts/failures.ts';

/** A host as a user names it; what is left out, ssh's configuration says. */
export interface SshHost {
  /** Name or address, or a `Host` of ~/.ssh/config. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
}

/** A name that starts with a dash would be an option of ssh. */
const hostPattern = /^[A-Za-z0-9_.:%][A-Za-z0-9_.:%-]*$/;

export function isHostName(host: string): boolean {
  return hostPattern.test(host);
}

/**
 * Parses what `ssh -J` takes: `[USER@]HOST[:PORT]` or `ssh://…`, several by comma, the first one to connect to first.
 * @throws {Failure} InvalidConfiguration
 */
export function parseJumps(text: string): readonly SshHost[] {
  return text.split(',').map((jump) => {
    const match = /^(?:ssh:\/\/)?(?:([^@/]+)@)?(\[[^\]]+\]|[^:@/]+)(?::(\d{1,5}))?$/.exec(jump.trim());
    const [, user, name = '', port] = match ?? [];
    const host = name.replace(/^\[|\]$/g, '');
    if (!isHostName(host) || user?.includes(':') || user?.startsWith('-')) throw wrongJump();
    return { host, user, port: port === undefined ? undefined : Number(port) };
  });
}

/** The text itself is left out: what is malformed may hold a password. */
function wrongJump(): Failure {
  return new Failure('InvalidConfiguration', 'A host on the way to an SFTP server is malformed.', {
    advice: 'Write sftp.proxyJump, or ProxyJump of ~/.ssh/config, as [USER@]HOST[:PORT], several by comma.',
  });
}
