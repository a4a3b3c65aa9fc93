import { chown, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The user `nobody` of every Linux. */
const unprivilegedId = 65534;

/** Numbers of Linux capabilities (capabilities(7)) that let a process pass folders of other users. */
const passFolders = { dac_override: 1, dac_read_search: 2 } as const;

/** A user that a server runs as, because it refuses to run as root. */
export interface ServerAccount {
  readonly uid: number;
  /** What to put before a command to run it as that user, ending with the end of the parent (KILL). */
  readonly prefix: readonly string[];
}

/**
 * The account for a server that refuses to run as root, or undefined if we are not root. The folder is given
 * to it, unless another user than root owns it: then the server runs as that user.
 *
 * Where the way to one of the paths is closed to others, as in root's home, the account keeps the one
 * capability that opens it.
 */
export async function serverAccount(
  folder: string,
  neededPaths: readonly string[],
): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = (await stat(folder)).uid;
  const uid = owner === 0 ? unprivilegedId : owner;
  if (owner === 0) await chown(folder, uid, uid);
  const prefix = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--pdeathsig', 'KILL'];
  const closed = (await Promise.all([folder, ...neededPaths].map(isClosedToOthers))).includes(true);
  if (closed) {
    const capability = await capabilityToPass();
    // access(2) ignores capabilities of ordinary users unless that fix-up is off; `initdb` relies on access(2).
    const keep = [
      '--securebits=+no_setuid_fixup',
      `--inh-caps=+${capability}`,
      `--ambient-caps=+${capability}`,
    ];
    if (capability) prefix.push(...keep);
  }
  return { uid, prefix: [...prefix, '--'] };
}

async function isClosedToOthers(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return true;
    if (folder === dirname(folder)) return false;
  }
}

/** The weakest capability that we have ourselves: containers keep back some. */
async function capabilityToPass(): Promise<string | undefined> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const has = (bit: number): boolean => ((effective >> BigInt(bit)) & 1n) === 1n;
  if (has(passFolders.dac_read_search)) return 'dac_read_search';
  return has(passFolders.dac_override) ? 'dac_override' : undefined;
}
