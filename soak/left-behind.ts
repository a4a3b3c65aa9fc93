import { readdir } from 'node:fs/promises';
import { descendantsOf } from '../test/runner/processes.ts';

/**
 * What a row must not leave when it has ended, in words: processes that this one or its children have started, and
 * files in its temporary folder. Processes are told on Linux alone.
 */
export async function leftBehind(temporaryFolder: string): Promise<readonly string[]> {
  const processes = await descendantsOf([process.pid]);
  const files = await readdir(temporaryFolder);
  return [
    ...processes.map(({ id, name }) => `the process ${id} (${name})`),
    ...files.map((name) => `the temporary file ${name}`),
  ];
}
