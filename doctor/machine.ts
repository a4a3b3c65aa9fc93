import { access, constants, mkdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { spaceFinding } from '../policy/space.ts';
import { findProgram } from '../programs/find.ts';
import { type Check, type CheckResult, failed, failure, ok, warning } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'machine';

/** Node's first version with all that Resguardo uses (native zstd, SQLite, type stripping). */
const leastNodeMajor = 24;

/** No clock that is right shows an earlier time: this version was made after it. */
const leastTimeMs = Date.parse('2026-11-01T00:00:00Z');

/** Where systemd's time service says that it has set the clock. */
const timesync = { folder: '/run/systemd/timesync', mark: '/run/systemd/timesync/synchronized' };

export function machineChecks(context: DoctorContext): readonly Check[] {
  const { stateDir } = context.configuration;
  return [
    { check, subject: 'node', run: async () => [nodeVersion(process.versions.node)] },
    { check, subject: 'clock', run: async () => [await clock(Date.now())] },
    { check, subject: 'programs', run: async () => [supervision(context.searchPath)] },
    { check, subject: stateDir, run: () => stateFolder(stateDir) },
  ];
}

export function nodeVersion(version: string): CheckResult {
  const major = Number.parseInt(version, 10);
  if (major >= leastNodeMajor) return ok(check, 'node', `Node ${version}`);
  const message = `Node ${version} is too old; ${leastNodeMajor} is needed.`;
  return failure(check, 'node', {
    message,
    mend: 'Start Resguardo by npx or npm run, which bring the right one.',
  });
}

export async function clock(nowMs: number): Promise<CheckResult> {
  if (nowMs < leastTimeMs) {
    const message = `The clock shows ${new Date(nowMs).toISOString()}, which cannot be.`;
    return failure(check, 'clock', {
      message,
      mend: 'Set it, and let it be kept right: timedatectl set-ntp true.',
    });
  }
  if ((await exists(timesync.folder)) && !(await exists(timesync.mark))) {
    const message = 'The time service of this machine has not set the clock yet.';
    return warning(check, 'clock', { message, mend: 'See timedatectl timesync-status.' });
  }
  return ok(check, 'clock', `It shows ${new Date(nowMs).toISOString().slice(0, 16)} UTC.`);
}

/** Without setpriv, a dump program outlives a worker that is killed. */
function supervision(searchPath: string): CheckResult {
  if (process.platform !== 'linux' || findProgram('setpriv', searchPath) !== undefined) {
    return ok(check, 'programs', 'Programs end together with the worker.');
  }
  const message = 'setpriv is missing: programs may go on after a worker was killed.';
  return warning(check, 'programs', { message, mend: 'Install util-linux.' });
}

async function stateFolder(folder: string): Promise<readonly CheckResult[]> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = `The state folder cannot be written (${code}).`;
    return [failure(check, folder, { message, mend: 'Give it to the user of the worker, or set stateDir.' })];
  }
  const { mode } = await stat(folder);
  const result =
    (mode & 0o077) === 0
      ? ok(check, folder, 'The state folder is there, for its owner alone.')
      : warning(check, folder, {
          message: `Other users can look into the state folder (mode ${(mode & 0o777).toString(8)}).`,
          mend: `chmod 700 ${folder}`,
        });
  return [result, ...(await spaceResults(folder))];
}

/** Tells of a file system that is nearly full; nothing when there is space, or when it cannot be asked. */
export async function spaceResults(folder: string): Promise<readonly CheckResult[]> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    const finding = spaceFinding({ path: folder, totalBytes: blocks * bsize, freeBytes: bavail * bsize });
    if (finding.level === 'ok') return [];
    const words = { message: finding.message, mend: finding.mend ?? 'Free space.' };
    return [finding.level === 'critical' ? failure('space', folder, words) : warning('space', folder, words)];
  } catch (error) {
    return [failed('space', path.resolve(folder), error)];
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(Boolean, () => false);
}
