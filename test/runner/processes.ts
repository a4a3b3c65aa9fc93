import { readdir, readFile } from 'node:fs/promises';

export interface RunningProcess {
  readonly id: number;
  readonly name: string;
}

interface Listed extends RunningProcess {
  readonly parent: number;
}

/** All that these processes, their children and so on have started and that still runs. Knows Linux alone. */
export async function descendantsOf(roots: readonly number[]): Promise<readonly RunningProcess[]> {
  const listed = await Promise.all((await processIds()).map(readProcess));
  const found = new Set(roots);
  const descendants: RunningProcess[] = [];
  // A child can have a lower number than its parent: as many rounds as there are generations.
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const child of listed) {
      if (!child || found.has(child.id) || !found.has(child.parent)) continue;
      found.add(child.id);
      descendants.push({ id: child.id, name: child.name });
    }
  }
  return descendants;
}

/** Processes that were started with a variable of that value, or by one that was. Knows Linux alone. */
export async function processesWith(variable: string, value: string): Promise<readonly RunningProcess[]> {
  const entry = `\0${variable}=${value}\0`;
  const marked: RunningProcess[] = [];
  for (const id of await processIds()) {
    const environment = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '');
    const listed = `\0${environment}`.includes(entry) ? await readProcess(id) : undefined;
    if (listed) marked.push({ id: listed.id, name: listed.name });
  }
  const ids = marked.map(({ id }) => id);
  return [...marked, ...(await descendantsOf(ids))];
}

async function processIds(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Undefined for one that has ended. */
async function readProcess(id: number): Promise<Listed | undefined> {
  const text = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '');
  // proc(5): the name is in parentheses and may hold some; state and parent follow. Z has ended.
  const [, name, parent] = /^\d+ \((.*)\) [^Z] (\d+)/s.exec(text) ?? [];
  return name === undefined ? undefined : { id, parent: Number(parent), name };
}
