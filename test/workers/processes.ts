import { readdir, readFile } from 'node:fs/promises';

export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Its arguments, as `ps` shows them. */
  readonly line: string;
}

/** All living processes of this machine (Linux). */
export async function runningProcesses(): Promise<readonly SeenProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map((pid) => lookAt(Number(pid)).catch(() => undefined)));
  return seen.filter((process) => process !== undefined);
}

export async function isRunning({ pid }: SeenProcess): Promise<boolean> {
  return (await lookAt(pid).catch(() => undefined)) !== undefined;
}

/** Undefined for one that has ended and waits for its parent; rejects if it is gone. See proc_pid_stat(5). */
async function lookAt(pid: number): Promise<SeenProcess | undefined> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : { pid, parent: Number(parent), line: line.replaceAll('\0', ' ') };
}
