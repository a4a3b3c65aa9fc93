import { Failure } from '../../contracts/failures.ts';
import { type HostOptions, hostOptions } from './host-options.ts';
import { parseJumps, type SshHost } from './jumps.ts';

/** More hosts on the way than anybody has: a configuration that leads in circles. */
const mostJumps = 8;

export interface Route {
  /** Hosts on the way, the one to connect to first. */
  readonly jumps: readonly HostOptions[];
  readonly target: HostOptions;
}

/**
 * Finds the way to a host, as ssh does: the hosts that `jump` names, else those of its ProxyJump; the first of them
 * may lie behind others itself.
 * @param jump as `ssh -J` takes it
 * @throws {Failure} InvalidConfiguration
 */
export async function routeTo(
  location: SshHost,
  jump: string | undefined,
  signal: AbortSignal,
): Promise<Route> {
  const target = await hostOptions(location, signal);
  const jumps: HostOptions[] = [];
  let before: readonly SshHost[] = jump === undefined ? target.jumps : parseJumps(jump);
  while (before.length > 0) {
    if (jumps.length + before.length > mostJumps) throw inCircles(location.host);
    const found = await Promise.all(before.map((host) => hostOptions(host, signal)));
    jumps.unshift(...found);
    before = found[0]?.jumps ?? [];
  }
  return { jumps, target };
}

function inCircles(host: string): Failure {
  const message = `The way to ${host} leads over more than ${mostJumps} hosts, by ProxyJump of ~/.ssh/config.`;
  return new Failure('InvalidConfiguration', message, {
    advice: 'Look where it leads in circles, or give the way by sftp.proxyJump.',
  });
}
