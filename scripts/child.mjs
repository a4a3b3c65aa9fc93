import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const handledSignals = [...endingSignals, 'SIGUSR2', 'SIGWINCH'];

/** One key press reaches us twice, from the terminal and from npm; a person is slower than this. */
const repeatMs = 300;

/**
 * Runs a program to its end and resolves to how it ended. The program gets a session of its own, so that each
 * Ctrl-C reaches it exactly once, through us; should we be killed, the system ends it too (Linux).
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {import('node:child_process').StdioOptions} [options.stdio]
 * @param {NodeJS.ProcessEnv} [options.env] this process's own when left out
 * @param {(child: import('node:child_process').ChildProcess) => void} [options.onStart]
 * @param {boolean} [options.killOnSignal] whether a signal to us kills the program with all that it started,
 *   instead of being forwarded; it then counts as ended by that signal
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runChild(command, args, options = {}) {
  const { stdio = 'inherit', env = process.env, onStart, killOnSignal = false } = options;
  return new Promise((resolve, reject) => {
    const lifeline = process.platform === 'linux' && isOnPath('setpriv');
    const child = lifeline
      ? spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], { stdio, env, detached: true })
      : spawn(command, args, { stdio, env, detached: true });
    let killedBy = null;
    const stopListening = onSignals((name) => {
      if (!killOnSignal) child.kill(name);
      else if (endingSignals.includes(name)) {
        killedBy = name;
        process.kill(-child.pid, 'SIGKILL');
      }
    });
    child.once('error', (error) => {
      stopListening();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopListening();
      resolve(killedBy ? { code: null, signal: killedBy } : { code, signal });
    });
    onStart?.(child);
  });
}

/** Ends this process as the child ended: with its exit code, or by the signal that ended it. */
export function endLike({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}

/** Calls back for each signal to us, but once for repetitions in a moment. Returns a function that stops it. */
function onSignals(handle) {
  const lastMs = new Map();
  const onSignal = (name) => {
    const nowMs = performance.now();
    if (nowMs - (lastMs.get(name) ?? -repeatMs) < repeatMs) return;
    lastMs.set(name, nowMs);
    handle(name);
  };
  for (const name of handledSignals) process.on(name, onSignal);
  return () => {
    for (const name of handledSignals) process.off(name, onSignal);
  };
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
