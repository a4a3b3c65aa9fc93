import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackages } from './debian-package.ts';

export interface MariadbTools {
  /** Folder with `mariadb-dump` and `mariadb`. */
  readonly binDir: string;
  readonly server: string;
  readonly installDb: string;
  /** `--basedir` of the server, where that is not the one that it was built for. */
  readonly basedir?: string;
}

const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

/** What every Linux has, or what the server and `mariadb-dump` can do without. */
const except = ['libc6', 'libgcc', 'libstdc++', 'gcc-', 'perl', 'libperl', 'debconf'];

const recipe: ToolRecipe = {
  name: 'mariadb',
  version: 'bookworm',
  notice: 'Downloading MariaDB from Debian bookworm',
  install: async (directory, signal) => {
    try {
      const packages = ['mariadb-server-core', 'mariadb-client'];
      await unpackDebianPackages({ packages, suite: 'bookworm', except }, directory, signal);
      for (const program of [
        'usr/sbin/mariadbd',
        'usr/bin/mariadb-install-db',
        'usr/bin/mariadb-dump',
        'usr/bin/mariadb',
      ]) {
        await writeWrapper(directory, program);
      }
    } catch (cause) {
      signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Failure('ToolMissing', `MariaDB is missing and could not be got: ${reason}`, {
        advice: 'Install the packages mariadb-server and mariadb-client.',
        cause,
      });
    }
  },
};

/**
 * Server and client programs of MariaDB: those of the system, else from Debian's archive.
 * @throws {Failure} ToolMissing
 */
export async function ensureMariadb(options: ToolOptions = {}): Promise<MariadbTools> {
  const path = process.env.PATH ?? '';
  const server = findProgram('mariadbd', [...serverFolders, path].join(':'));
  const installDb = findProgram('mariadb-install-db', path);
  const dump = findProgram('mariadb-dump', path);
  if (server !== undefined && installDb !== undefined && dump !== undefined) {
    return { server, installDb, binDir: join(dump, '..') };
  }
  const folder = await ensureInstalled(recipe, options);
  const binDir = join(folder, 'bin');
  return {
    binDir,
    server: join(binDir, 'mariadbd'),
    installDb: join(binDir, 'mariadb-install-db'),
    basedir: join(folder, 'usr'),
  };
}

/** A program that finds the libraries beside it, wherever the folder is moved to. */
async function writeWrapper(directory: string, program: string): Promise<void> {
  const folder = join(directory, 'bin');
  await mkdir(folder, { recursive: true });
  const wrapper = join(folder, program.replace(/^.*\//, ''));
  const text = `#!/bin/sh
root=$(dirname "$(dirname "$0")")
export LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-gnu):$(echo "$root"/lib/*-linux-gnu)"
exec "$root/${program}" "$@"
`;
  await writeFile(wrapper, text);
  await chmod(wrapper, 0o755);
}
