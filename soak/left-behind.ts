import { readdir, readFile } from 'node:fs/promises';

/**
 * What a row must not leave when it has ended, in words: processes that this one or its children have started, and
 * files in its temporary folder. Processes are told on Linux alone.
 */
export async function leftBehind(temporaryFolder: string): Promise<readonly string[]> {
  const files = await readdir(temporaryFolder);
  return [...(await descendants(process.pid)), ...files.map((name) => `the temporary file ${name}`)];
}

async function descendants(root: number): Promise<readonly string[]> {
  const processes = await Promise.all((await readdir('/proc').catch(() => [])).map(readProcess));
  const found = new Set([root]);
  const told: string[] = [];
  // A child can have a lower number than its parent: as many rounds as there are generations.
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const child of processes) {
      if (!child || found.has(child.id) || !found.has(child.parent)) continue;
      found.add(child.id);
      told.push(`the process ${child.id} (${child.name})`);
    }
  }
  return told;
}

/** Undefined for what is no process, or none any more. */
async function readProcess(
  id: string,
): Promise<{ readonly id: number; readonly parent: number; readonly name: string } | undefined> {
  if (!/^\d+$/.test(id)) return undefined;
  const text = await readFile(`/proc/${id}/stat`, 'latin1').catch(() => '');
  // proc(5): the name is in parentheses and may hold some; state and parent follow.
  const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(text) ?? [];
  return name === undefined ? undefined : { id: Number(id), parent: Number(parent), name };
}
