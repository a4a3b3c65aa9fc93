import { randomUUID } from 'node:crypto';
import { controlQueue } from '../../contracts/queues.ts';
import type { Control } from '../../control/client.ts';

/** As `temporal workflow start` does it, to the end of the run. */
export async function runByHand(control: Control, workflow: string, input: unknown): Promise<unknown> {
  return await control.client.workflow.execute(workflow, {
    taskQueue: controlQueue,
    workflowId: `by-hand/${randomUUID()}`,
    args: input === undefined ? [] : [input],
  });
}
