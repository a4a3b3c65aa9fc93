import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endLike, runChild } from './child.mjs';
import { ensureInstalled, InstallationError } from './installation.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folders whose programs need the packages for development too. */
const developmentFolders = ['test', 'bench', 'soak'];

/**
 * For the command. A small nursery: the memory of a backup is buffers, and what it makes besides dies young. With the usual
 * 16 MB, a backup of many small files takes some 80 MB more, and no less time.
 */
export const commandFlags = ['--max-semi-space-size=2'];

/**
 * For the command, where the user has not set it: glibc keeps one heap for all threads, so that what one gives back
 * another uses. Programs that we start do not inherit this (programs/host.ts).
 */
export const commandEnvironment = { MALLOC_ARENA_MAX: '1' };

/**
 * Runs a program of the project on the pinned Node, installing the packages first where that is due, and
 * ends this process as the program ends.
 *
 * @param {string} file relative to the root of the project
 * @param {readonly string[]} args
 */
export async function start(file, args) {
  try {
    if (!isInstalledAsPackage()) {
      const development = developmentFolders.includes(file.split('/')[0]);
      await ensureInstalled(root, { development });
      if (file === commandLineFile()) noteInstalled();
    }
    const isCommand = file === commandLineFile();
    const flags = isCommand ? commandFlags : [];
    const env = { ...(isCommand && commandEnvironment), ...process.env };
    endLike(await runChild(pinnedNode(), [...flags, join(root, file), ...args], { env }));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    endLike(error instanceof InstallationError ? error.ended : { code: 1, signal: null });
  }
}

/**
 * Leaves a file that is newer than both lists of packages, so that bin/resguardo need not compare them. Where it cannot
 * be written, each start takes the longer way.
 */
function noteInstalled() {
  try {
    writeFileSync(join(root, 'node_modules', '.resguardo-installed'), '');
  } catch {
    // A clone that belongs to another user is used as it is.
  }
}

/** The file behind the command `resguardo`: Node runs TypeScript from a clone, but not from a package. */
export function commandLineFile() {
  return isInstalledAsPackage() ? 'dist/cli/main.mjs' : 'cli/main.mjs';
}

function isInstalledAsPackage() {
  return root.split(sep).includes('node_modules');
}

/** The binary of the package `node`, which its install script puts into place; else Node 24 or newer that runs us. */
function pinnedNode() {
  const binary = join(packageFolder('node'), 'bin', 'node');
  if (existsSync(binary)) return binary;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Error(
    `${binary} is missing, because npm did not run the install script of the package "node". ` +
      'Run `npm rebuild node`, or use Node 24.',
  );
}

/** Installed as a package, we share a folder node_modules with others. */
function packageFolder(name) {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve(`${name}/package.json`));
  } catch {
    return join(root, 'node_modules', name);
  }
}
