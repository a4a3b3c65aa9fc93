import { z } from 'zod';
import { nameSchema } from '../../contracts/inputs.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { ApiPort } from '../port.ts';
import {
  errorResponses,
  pageFields,
  pageOf,
  type SnapshotDocument,
  scheduleSchema,
  snapshotSchema,
  sourceSchema,
} from '../schemas.ts';
import type { Routes } from './routes.ts';

const nothing = z.strictObject({});
const tags = ['backups'];

export function defineLists(app: Routes, port: ApiPort): void {
  app.get(
    '/api/v1/sources',
    {
      schema: {
        summary: 'Sources of the configuration, with their last runs and newest snapshots',
        tags,
        querystring: nothing,
        response: { 200: z.object({ items: z.array(sourceSchema).readonly() }), ...errorResponses },
      },
    },
    async () => ({ items: await port.sources() }),
  );
  app.get(
    '/api/v1/schedules',
    {
      schema: {
        summary: 'Schedules as the Temporal server has them',
        tags,
        querystring: nothing,
        response: { 200: z.object({ items: z.array(scheduleSchema).readonly() }), ...errorResponses },
      },
    },
    async () => ({ items: await port.schedules() }),
  );
  app.get(
    '/api/v1/snapshots',
    {
      schema: {
        summary: 'Snapshots, newest first, as of the last listing of each repository',
        tags,
        querystring: z.strictObject({ source: nameSchema.optional(), ...pageFields }),
        response: { 200: pageOf(snapshotSchema), ...errorResponses },
      },
    },
    async ({ query: { source, limit, cursor } }) => {
      const snapshots = await port.snapshots(source);
      const rest = cursor === undefined ? snapshots : after(snapshots, decodeCursor(cursor, 3));
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(rest.length > limit && last && { nextCursor: encodeCursor(placeOf(last)) }) };
    },
  );
}

function placeOf({ takenAt, repository, id }: SnapshotDocument): readonly string[] {
  return [takenAt, repository, id];
}

/** What comes after a place, which need not be there any more. */
function after(
  snapshots: readonly SnapshotDocument[],
  place: readonly string[],
): readonly SnapshotDocument[] {
  return snapshots.filter((snapshot) => isAfter(placeOf(snapshot), place));
}

/** Newest first: what comes after is smaller. */
function isAfter(left: readonly string[], right: readonly string[]): boolean {
  const index = left.findIndex((part, at) => part !== right[at]);
  return index >= 0 && (left[index] ?? '') < (right[index] ?? '');
}
