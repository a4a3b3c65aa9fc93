import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import { backupSourceInputSchema } from '../../contracts/inputs.ts';
import { audited } from '../../control/audit.ts';
import { RememberedAnswers } from '../idempotency.ts';
import type { ApiPort, StartedRun } from '../port.ts';
import { errorResponses, startedSchema } from '../schemas.ts';
import type { Routes } from './routes.ts';

const backupBody = backupSourceInputSchema.pick({ source: true, tags: true }).strict();

/** Other headers are not ours to judge. */
const headers = z.object({
  'idempotency-key': z.string().min(1).max(200).optional().meta({
    description:
      'A text of the client’s own for this one backup: sent again, it answers with the same run, and starts none.',
  }),
});

export function defineBackups(app: Routes, port: ApiPort): void {
  const answers = new RememberedAnswers<StartedRun>();
  app.post(
    '/api/v1/backups',
    {
      schema: {
        summary: 'Start the backup of a source',
        description:
          'Answers at once; GET /api/v1/runs/{workflowId}/{runId} tells how it goes. A backup of the source that is under way is a conflict (409), or with an Idempotency-Key is joined.',
        tags: ['backups'],
        body: backupBody,
        headers,
        response: { 202: startedSchema, ...errorResponses },
      },
    },
    async ({ body, headers: { 'idempotency-key': key }, keyName }, reply) => {
      const start = () => startAudited(port, { body, keyName, join: key !== undefined });
      const started =
        key === undefined
          ? await start()
          : await answers.once(`${keyName}\n${key}`, { request: JSON.stringify(body), answer: start });
      const location = `/api/v1/runs/${encodeURIComponent(started.workflowId)}/${started.runId}`;
      return reply.code(202).header('location', location).send(started);
    },
  );
}

interface BackupRequest {
  readonly body: z.output<typeof backupBody>;
  readonly keyName: string;
  readonly join: boolean;
}

/** Its end is the run's own to tell. */
function startAudited(port: ApiPort, { body, keyName, join }: BackupRequest): Promise<StartedRun> {
  return audited(
    port.audit,
    {
      origin: 'api',
      actor: keyName,
      action: 'backup',
      subjects: [body.source],
      ...(body.tags && { detail: { tags: body.tags.join(',') } }),
    },
    { run: () => startKnown(port, body, join), end: () => undefined },
  );
}

async function startKnown(port: ApiPort, body: BackupRequest['body'], join: boolean): Promise<StartedRun> {
  const known = (await port.sources()).map(({ name }) => name);
  if (known.includes(body.source)) return port.startBackup(body, { join });
  throw new Failure('InvalidInput', `The body is wrong: source: there is no source "${body.source}"`, {
    advice: known.length > 0 ? `There are: ${known.join(', ')}.` : 'Add sources to the configuration.',
  });
}
