import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runChild } from './child.mjs';
import { exclusively } from './exclusive.mjs';

/** npm names the cause first, and where its log is last; what lies between is left out beyond this length. */
const keptCharacters = 2048;

/** npm could not install the packages, or was ended by a signal. */
export class InstallationError extends Error {
  /**
   * @param {{ code: number | null, signal: NodeJS.Signals | null }} ended how npm ended
   * @param {string} output what it printed
   */
  constructor(ended, output) {
    super(ended.signal ? 'npm ci was interrupted' : `npm ci failed with exit code ${ended.code}:\n${output}`);
    this.name = 'InstallationError';
    this.ended = ended;
  }
}

/**
 * Makes node_modules match package-lock.json: runs `npm ci` if it does not. Prints one line, on standard
 * error, and only if there is something to do. Two at once wait for each other.
 *
 * @param {string} root folder of package.json
 * @param {{ development: boolean }} options whether the packages for development are needed
 * @throws {InstallationError}
 */
export async function ensureInstalled(root, { development }) {
  if (isInstalled(root, { development })) return;
  await exclusively(`${root}/node_modules`, {
    onWait: () => process.stderr.write('Another process is installing the packages; waiting for it ...\n'),
    work: async () => {
      if (!isInstalled(root, { development })) await install(root);
    },
  });
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes node_modules/.package-lock.json
 * after all else, so an interrupted installation shows as none.
 */
export function isInstalled(root, { development }) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  return installed !== undefined && missingPackages(wanted, installed, { development }).length === 0;
}

/**
 * Paths of the packages that are absent or of another version.
 *
 * @param {Record<string, any>} wanted `packages` of package-lock.json
 * @param {Record<string, any>} installed `packages` of node_modules/.package-lock.json
 */
export function missingPackages(wanted, installed, { development }) {
  return Object.keys(wanted).filter((path) => {
    // The project itself, and folders of it that are linked.
    if (!path.includes('node_modules/')) return false;
    const [want, have] = [wanted[path], installed[path]];
    if (have) return have.version !== want.version || (want.integrity ?? have.integrity) !== have.integrity;
    if (want.dev && !development) return false;
    return !want.optional || isMadeForThisMachine(want);
  });
}

/**
 * npm leaves out optional packages of other systems, and those that it could not build. Which C library it
 * found here is its own knowledge.
 */
function isMadeForThisMachine({ os, cpu, libc }) {
  return Boolean(os?.includes(process.platform) && cpu?.includes(process.arch) && !libc);
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function install(root) {
  const startedMs = performance.now();
  process.stderr.write('Installing packages with npm ci ... ');
  const npm = npmCommand();
  const args = ['ci', '--prefix', root, '--no-audit', '--no-fund', '--no-progress'];
  const output = [];
  const ended = await runChild(npm.command, [...npm.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm takes half a minute to end in order, and what it leaves behind counts as no installation anyway.
    killOnSignal: true,
    onStart: (child) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => output.push(text));
      }
    },
  });
  if (ended.code !== 0) {
    process.stderr.write(ended.signal ? 'interrupted\n' : 'failed\n');
    throw new InstallationError(ended, shorten(output.join('').trim()));
  }
  process.stderr.write(`done in ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
}

/** @param {string} text */
function shorten(text) {
  if (text.length <= 2 * keptCharacters) return text;
  return `${text.slice(0, keptCharacters)}\n[...]\n${text.slice(-keptCharacters)}`;
}

/** The npm that runs us, else the one on the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath ?? '';
  if (basename(script) === 'npm-cli.js') return { command: process.execPath, args: [script] };
  return { command: 'npm', args: [] };
}
