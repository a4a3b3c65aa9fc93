import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackages } from './debian-package.ts';
import type { MysqlServerTools } from './mysql-server.ts';
import { runStep } from './step.ts';
import { writeWrapper } from './wrapper.ts';

/** What none of the programs loads. */
const except = ['perl', 'libperl', 'debconf', 'gcc-', 'adduser', 'passwd', 'psmisc'];

/** Debian sid alone has MySQL, of one version; sid moves on, and a later one is taken then. */
const recipe: ToolRecipe = {
  name: 'mysql',
  version: 'sid',
  notice: 'Downloading MySQL from Debian sid',
  install: async (directory, signal) => {
    try {
      const packages = ['mysql-server-core', 'mysql-client-core'];
      await unpackDebianPackages({ packages, suite: 'sid', except }, directory, signal);
      // The machine's own C library is older than the one that the programs were built for.
      for (const program of ['usr/sbin/mysqld', 'usr/bin/mysqldump', 'usr/bin/mysql']) {
        await writeWrapper(directory, program, { ownLoader: true });
      }
      await runStep({ command: join(directory, 'bin', 'mysqld'), args: ['--version'], signal });
    } catch (cause) {
      signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Failure('ToolMissing', `MySQL is missing and could not be got: ${reason}`, {
        advice: 'Install the server and the client programs of MySQL 8 or later.',
        cause,
      });
    }
  },
};

/**
 * Server and client programs of MySQL: those of the system, else from Debian's archive.
 * @throws {Failure} ToolMissing
 */
export async function ensureMysql(options: ToolOptions = {}): Promise<MysqlServerTools> {
  const signal = options.signal ?? new AbortController().signal;
  const path = process.env.PATH ?? '';
  const server = findProgram('mysqld', ['/usr/sbin', '/usr/local/mysql/bin', path].join(':'));
  const dump = findProgram('mysqldump', path);
  if (server !== undefined && dump !== undefined && (await areMysql([server, dump], signal))) {
    return { name, server, binDir: join(dump, '..'), placeOptions: [], initialise: initialiseBy(server) };
  }
  const folder = await ensureInstalled(recipe, options);
  const binDir = join(folder, 'bin');
  const unpacked = join(binDir, 'mysqld');
  return {
    name,
    binDir,
    server: unpacked,
    placeOptions: [
      `--basedir=${join(folder, 'usr')}`,
      `--lc-messages-dir=${join(folder, 'usr/share/mysql')}`,
      `--character-sets-dir=${join(folder, 'usr/share/mysql/charsets')}`,
      // Debian's own default is a folder of an installed server.
      '--secure-file-priv=',
      `--plugin-dir=${join(folder, 'usr/lib/mysql/plugin')}`,
    ],
    initialise: initialiseBy(unpacked),
  };
}

const name = 'MySQL';

function initialiseBy(command: string): MysqlServerTools['initialise'] {
  return { command, args: ['--initialize-insecure', '--innodb-redo-log-capacity=16M'] };
}

/** MariaDB brings programs of the same names. */
async function areMysql(programs: readonly string[], signal: AbortSignal): Promise<boolean> {
  for (const command of programs) {
    const version = await runStep({ command, args: ['--no-defaults', '--version'], signal }).catch(() => '');
    if (version === '' || /mariadb/i.test(version)) return false;
  }
  return true;
}
