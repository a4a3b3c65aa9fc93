import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'];

/** One key press reaches us twice, from the terminal and from npm; a person is slower than this. */
const repeatMs = 300;

/**
 * Runs a program to its end and resolves to how it ended. The program gets a session of its own, so that each
 * Ctrl-C reaches it exactly once, through us; should we be killed, the system ends it too (Linux).
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').StdioOptions} [stdio]
 * @param {(child: import('node:child_process').ChildProcess) => void} [onStart]
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runChild(command, args, { stdio = 'inherit', onStart } = {}) {
  return new Promise((resolve, reject) => {
    const lifeline = process.platform === 'linux' && isOnPath('setpriv');
    const child = lifeline
      ? spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], { stdio, detached: true })
      : spawn(command, args, { stdio, detached: true });
    const stopForwarding = forwardSignals(child);
    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopForwarding();
      resolve({ code, signal });
    });
    onStart?.(child);
  });
}

/** Ends this process as the child ended: with its exit code, or by the signal that ended it. */
export function endLike({ code, signal }) {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}

function forwardSignals(child) {
  const lastSentMs = new Map();
  const forward = (signal) => {
    const nowMs = performance.now();
    if (nowMs - (lastSentMs.get(signal) ?? -repeatMs) < repeatMs) return;
    lastSentMs.set(signal, nowMs);
    child.kill(signal);
  };
  for (const signal of forwardedSignals) process.on(signal, forward);
  return () => {
    for (const signal of forwardedSignals) process.off(signal, forward);
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
