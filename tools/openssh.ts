import { join } from 'node:path';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackage } from './debian-package.ts';

const recipe: ToolRecipe = {
  name: 'openssh-server',
  version: 'bookworm',
  notice: 'Downloading sshd from Debian bookworm',
  install: async (directory, signal) => {
    for (const name of ['openssh-server', 'libwrap0']) {
      await unpackDebianPackage({ package: name, suite: 'bookworm' }, directory, signal);
    }
  },
};

export interface OpenSsh {
  readonly sshd: string;
  /** Where the system may lack a library that sshd needs. */
  readonly libraryPath: string;
}

/**
 * Paths of OpenSSH's server: from the PATH, or from Debian's archive; nothing is installed into the system.
 * @throws {Failure} ToolMissing
 */
export async function ensureOpenSsh(options: ToolOptions = {}): Promise<OpenSsh> {
  const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;
  const onPath = findProgram('sshd', searchPath);
  if (onPath !== undefined) return { sshd: onPath, libraryPath: '' };
  const folder = await ensureInstalled(recipe, options);
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return {
    sshd: join(folder, 'usr', 'sbin', 'sshd'),
    libraryPath: join(folder, 'usr', 'lib', `${architecture}-linux-gnu`),
  };
}
