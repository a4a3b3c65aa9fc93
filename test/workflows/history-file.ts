import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));

/** Keeps the history of a run that has ended, for replay.test.ts. */
export async function keepHistory(name: string, handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<void> {
  const history = historyToJSON(await handle.fetchHistory());
  await mkdir(folder, { recursive: true });
  const text = JSON.stringify(JSON.parse(history, withoutStack));
  await writeFile(path.join(folder, `${name}.json`), `${text}\n`);
}

/** Traces name the folders of the machine that recorded them. */
function withoutStack(key: string, value: unknown): unknown {
  return key === 'stackTrace' ? '' : value;
}
