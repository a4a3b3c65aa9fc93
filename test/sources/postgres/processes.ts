import { readdir, readFile } from 'node:fs/promises';

export interface ChildProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: string;
}

/** Processes whose parent is `parent`, as /proc shows them. */
export async function childrenOf(parent: number): Promise<readonly ChildProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const children: ChildProcess[] = [];
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]) !== parent) continue;
    const [commandLine, environment] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
    ]);
    children.push({ pid: Number(pid), commandLine, environment });
  }
  return children;
}

/** Ids of the pg_dump processes that we have started. */
export async function dumpsOf(parent: number): Promise<readonly number[]> {
  const children = await childrenOf(parent);
  return children.filter(({ commandLine }) => commandLine.includes('--format=custom')).map(({ pid }) => pid);
}
