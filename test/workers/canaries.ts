import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import proto from '@temporalio/proto';
import type { Control } from '../../control/client.ts';

/** Asserts that none of the secrets is in any of the texts, which are named by where they were found. */
export function assertHidden(
  secrets: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): void {
  for (const [where, text] of Object.entries(found)) {
    assert.ok(text.length > 100, where);
    const shown = Object.entries(secrets)
      .filter(([, value]) => text.includes(value))
      .map(([name]) => name);
    assert.deepEqual(shown, [], where);
  }
}

/** The histories of all runs, as Temporal keeps them. */
export async function histories({ client }: Control): Promise<string> {
  const texts: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const bytes = proto.temporal.api.history.v1.History.encode(history).finish();
    texts.push(Buffer.from(bytes).toString('latin1'));
  }
  return texts.join('\n');
}

/** The content of all files below a folder. */
export async function filesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  return texts.join('\n');
}
