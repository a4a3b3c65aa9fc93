import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackages } from './debian-package.ts';
import type { MysqlServerTools } from './mysql-server.ts';
import { writeWrapper } from './wrapper.ts';

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
export async function ensureMariadb(options: ToolOptions = {}): Promise<MysqlServerTools> {
  const path = process.env.PATH ?? '';
  const server = findProgram('mariadbd', [...serverFolders, path].join(':'));
  const installDb = findProgram('mariadb-install-db', path);
  const dump = findProgram('mariadb-dump', path);
  if (server !== undefined && installDb !== undefined && dump !== undefined) {
    return { name, server, binDir: join(dump, '..'), placeOptions: [], initialise: initialiseBy(installDb) };
  }
  const folder = await ensureInstalled(recipe, options);
  const binDir = join(folder, 'bin');
  return {
    name,
    binDir,
    server: join(binDir, 'mariadbd'),
    placeOptions: [`--basedir=${join(folder, 'usr')}`],
    initialise: initialiseBy(join(binDir, 'mariadb-install-db')),
  };
}

const name = 'MariaDB';

function initialiseBy(command: string): MysqlServerTools['initialise'] {
  return { command, args: ['--auth-root-authentication-method=normal', '--skip-test-db'] };
}
