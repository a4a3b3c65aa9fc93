import { lstatSync } from 'node:fs';
import { platform } from 'node:os';
import { findProgram } from './find.ts';

/** What programs are started with on this machine. */
export interface ProgramHost {
  /** Folders in which programs are looked for, joined as in PATH. */
  readonly searchPath: string;
  /** Environment of every program, before its own additions. */
  readonly environment: Readonly<Record<string, string>>;
  /** The words that start a program in a folder so that it ends with us, however we end. */
  readonly commandFor: (program: string, folder: string) => readonly string[];
}

const usualSearchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Looks around once; nothing is started. `env` is the environment of this process. */
export function programHost(env: NodeJS.ProcessEnv): ProgramHost {
  const searchPath = env.PATH || usualSearchPath;
  return {
    searchPath,
    environment: cleanEnvironment(env, searchPath),
    commandFor: findLifeline(searchPath),
  };
}

/** Our own environment holds secrets: a program gets only what every program needs. */
function cleanEnvironment(env: NodeJS.ProcessEnv, searchPath: string): Readonly<Record<string, string>> {
  return {
    PATH: searchPath,
    HOME: env.HOME ?? '/',
    ...(env.TMPDIR === undefined ? {} : { TMPDIR: env.TMPDIR }),
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  };
}

/**
 * `setpriv --pdeathsig KILL` has the kernel kill the program when we end (prctl(2), PR_SET_PDEATHSIG; it
 * lasts through exec). If we ended before that was set, no signal comes: so `env` then enters the folder by a way
 * that only a living process offers, `/proc/<our pid>/root`, and runs nothing if it cannot. That link is gone before
 * the kernel sends the signal, so there is no moment in between.
 */
function findLifeline(searchPath: string): ProgramHost['commandFor'] {
  const setpriv = platform() === 'linux' ? findProgram('setpriv', searchPath) : undefined;
  if (setpriv === undefined) return (program) => [program];
  const env = childMayEnterOurRoot() ? findProgram('env', searchPath) : undefined;
  return (program, folder) => {
    const signal = [setpriv, '--pdeathsig', 'KILL', '--'];
    // `env` would take a word with "=" for a variable.
    if (env === undefined || program.includes('=')) return [...signal, program];
    return [...signal, env, `--chdir=/proc/${process.pid}/root${folder}`, '--', program];
  };
}

/** Root owns the files in /proc of a process that others may not look into, such as one with capabilities. */
function childMayEnterOurRoot(): boolean {
  try {
    return lstatSync(`/proc/${process.pid}/root`).uid === process.geteuid?.();
  } catch {
    return false;
  }
}
