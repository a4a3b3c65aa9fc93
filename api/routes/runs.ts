import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import { nameSchema } from '../../contracts/inputs.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { ApiPort, RunsPage } from '../port.ts';
import { errorResponses, pageFields, pageOf, runSchema } from '../schemas.ts';
import type { Routes } from './routes.ts';

const tags = ['backups'];
const time = z.iso.datetime({ offset: true });

const runsQuery = z.strictObject({
  source: nameSchema.optional().meta({ description: 'Source or repository that the run is about.' }),
  workflow: z.string().max(100).optional().meta({ description: 'Workflow type, such as `backupSource`.' }),
  status: runSchema.shape.status.optional(),
  from: time.optional().meta({ description: 'Began at or after this time.' }),
  to: time.optional().meta({ description: 'Began before this time.' }),
  ...pageFields,
});

export function defineRuns(app: Routes, port: ApiPort): void {
  app.get(
    '/api/v1/runs',
    {
      schema: {
        summary: 'Runs, newest first',
        tags,
        querystring: runsQuery,
        response: { 200: pageOf(runSchema), ...errorResponses },
      },
    },
    async ({ query: { limit, cursor, ...filter } }) => {
      // One more than was asked for tells whether there is a next page.
      const runs = await port.runs(filter, { limit: limit + 1, ...afterOf(cursor) });
      const items = runs.slice(0, limit);
      const last = items.at(-1);
      if (runs.length <= limit || !last) return { items };
      return { items, nextCursor: encodeCursor([last.startedAt, last.workflowId, last.runId]) };
    },
  );
  app.get(
    '/api/v1/runs/:workflowId/:runId',
    {
      schema: {
        summary: 'One run; the slash in a workflow id is written %2F',
        tags,
        params: z.object({ workflowId: z.string().max(1000), runId: z.string().max(100) }),
        querystring: z.strictObject({}),
        response: { 200: runSchema, ...errorResponses },
      },
    },
    async ({ params: { workflowId, runId } }) => {
      const run = await port.run(workflowId, runId);
      if (run !== undefined) return run;
      throw new Failure('NotFound', `There is no run ${runId} of ${workflowId}`, {
        advice: 'List the runs: GET /api/v1/runs.',
      });
    },
  );
}

function afterOf(cursor: string | undefined): Pick<RunsPage, 'after'> {
  if (cursor === undefined) return {};
  const [startedAt = '', workflowId = '', runId = ''] = decodeCursor(cursor, 3);
  return { after: { startedAt, workflowId, runId } };
}
