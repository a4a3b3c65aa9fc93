import { z } from 'zod';

/** Answers of the API. Times are ISO 8601 in UTC; sizes are bytes. */

const time = z.string().meta({ examples: ['2026-11-21T02:00:00.000Z'] });

const errorSchema = z
  .object({
    type: z.string().meta({ description: 'Type of the failure table, docs/failures.md.' }),
    message: z.string().meta({ description: 'What failed, on what, and why.' }),
    advice: z.string().meta({ description: 'What to do now.' }),
  })
  .meta({ id: 'Error', examples: [{ type: 'InvalidInput', message: 'source: is missing', advice: '…' }] });

const runStatus = z.enum(['running', 'done', 'partial', 'failed', 'cancelled']);

export const runSchema = z
  .object({
    workflow: z.string().meta({ examples: ['backupSource'] }),
    workflowId: z.string().meta({ examples: ['backup/shop'] }),
    runId: z.string(),
    subject: z.string().meta({ description: 'Source or repository that the run is about.' }),
    kind: z.string().optional(),
    host: z.string().optional(),
    repository: z.string().optional(),
    schedule: z.string().optional(),
    status: runStatus,
    startedAt: time,
    finishedAt: time.optional(),
    bytesProcessed: z.number().optional().meta({ description: 'Bytes read from the source.' }),
    bytesAdded: z.number().optional().meta({ description: 'Bytes of new data before compression.' }),
    bytesStored: z.number().optional().meta({ description: 'Bytes of new data as stored.' }),
    files: z.number().optional(),
    snapshot: z.string().optional(),
    failure: z
      .object({ type: z.string().optional(), message: z.string(), advice: z.string().optional() })
      .optional(),
    warnings: z.array(z.object({ subject: z.string(), message: z.string() })).readonly(),
    warningCount: z.number(),
  })
  .meta({ id: 'Run' });
export type RunDocument = Readonly<z.output<typeof runSchema>>;

export const sourceSchema = z
  .object({
    name: z.string(),
    kind: z.string(),
    host: z.string(),
    repository: z.string(),
    tags: z.array(z.string()).readonly(),
    lastRun: runSchema.optional(),
    lastGoodRun: runSchema.optional(),
    snapshots: z.number().meta({ description: 'Snapshots in the source’s repository at its last listing.' }),
    newestSnapshotAt: time.optional(),
  })
  .meta({ id: 'Source' });
export type SourceDocument = Readonly<z.output<typeof sourceSchema>>;

export const scheduleSchema = z
  .object({
    id: z.string().meta({ examples: ['automated_backups'] }),
    title: z.string(),
    ours: z.boolean().meta({ description: 'False for a schedule that somebody else made under our id.' }),
    workflowType: z.string(),
    timing: z.string(),
    paused: z.boolean(),
    note: z.string(),
    nextAt: z.array(time).readonly(),
    running: z.array(z.string()).readonly(),
    recent: z
      .array(z.object({ workflowId: z.string(), runId: z.string(), scheduledAt: time, takenAt: time }))
      .readonly(),
  })
  .meta({ id: 'Schedule' });
export type ScheduleDocument = Readonly<z.output<typeof scheduleSchema>>;

export const snapshotSchema = z
  .object({
    id: z.string(),
    repository: z.string(),
    source: z.string().optional(),
    kind: z.string().optional(),
    hostname: z.string(),
    time: z.string().meta({ description: 'As the snapshot has it, with its time zone.' }),
    takenAt: time,
    paths: z.array(z.string()).readonly(),
    tags: z.array(z.string()).readonly(),
    sizeBytes: z.number().optional().meta({ description: 'Bytes that a restore gives back.' }),
    addedBytes: z.number().optional(),
    storedBytes: z.number().optional(),
    files: z.number().optional(),
  })
  .meta({ id: 'Snapshot' });
export type SnapshotDocument = Readonly<z.output<typeof snapshotSchema>>;

export const startedSchema = z
  .object({
    workflowId: z.string().meta({ examples: ['backup/shop'] }),
    runId: z.string(),
    joined: z.boolean().meta({ description: 'True if the run was under way already.' }),
  })
  .meta({ id: 'StartedRun' });

const part = z.enum(['ok', 'failed']);

export const readinessSchema = z
  .object({ ready: z.boolean(), checks: z.object({ temporal: part, catalog: part }) })
  .meta({ id: 'Readiness' });
export type Readiness = Readonly<z.output<typeof readinessSchema>>;

/** Schema of a page of a list. */
export function pageOf<T extends z.ZodType>(items: T) {
  return z.object({
    items: z.array(items).readonly(),
    nextCursor: z
      .string()
      .optional()
      .meta({ description: 'Give it as `cursor` to get the next page; absent on the last.' }),
  });
}

/** Query fields of a list that comes in pages. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(500).default(100).meta({ description: 'At most so many.' }),
  cursor: z.string().max(1000).optional().meta({ description: '`nextCursor` of the page before.' }),
};

/** Answers that every route may give. */
export const errorResponses = { '4xx': errorSchema, '5xx': errorSchema } as const;
