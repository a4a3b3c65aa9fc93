import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { KubernetesResult } from '../contracts/scheduled-jobs.ts';
import { runStory } from './story.ts';

const message =
  'No cluster is configured: there is nothing to back up. Sources of the kind kubernetes are not supported yet.';

/** Backs up the resources of the Kubernetes clusters of the configuration: there can be none yet. */
export async function kubernetesBackup(rawInput: unknown): Promise<KubernetesResult> {
  return await runStory(rawInput, {
    workflow: 'kubernetesBackup',
    schema: scheduledInputSchema,
    subject: () => 'the Kubernetes clusters',
    schedule: ({ schedule }) => schedule,
    body: async (story) => {
      story.mark('run');
      story.know({ note: message });
      const result = { clusters: 0, message, startedAt: story.startedAt, finishedAt: story.now() };
      return { result, status: 'done' };
    },
  });
}
