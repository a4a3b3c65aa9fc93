import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { workflowsPath } from '../../workers/worker.ts';
import { type TestScope, temporaryFolder } from '../repository/temporary-folder.ts';

/** Bundles the workflows into a file that is removed after the test, for many workers in processes of their own. */
export async function workflowCodeFile(t: TestScope): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  const file = join(await temporaryFolder(t), 'workflows.js');
  await writeFile(file, code);
  return file;
}

export async function readWorkflowCode(file: string): Promise<WorkflowBundle> {
  return { code: await readFile(file, 'utf8') };
}
