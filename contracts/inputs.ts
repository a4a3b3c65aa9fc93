import { z } from 'zod';
import type { DatabasePlan } from './database-restore.ts';
import { durationPattern } from './duration.ts';
import { Failure } from './failures.ts';
import type { ResolvedSource } from './jobs.ts';
import { thawSpeeds } from './thaw.ts';

/** Name of a source or repository in the configuration. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be a name of letters, digits, ".", "_" and "-"');

const tagSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^,\s]+$/, 'must not contain commas or spaces');

/** How long a snapshot is meant to last, the weakest first. */
const retentionClass = z.enum(['incremental', 'daily', 'weekly', 'monthly']);
export type RetentionName = z.infer<typeof retentionClass>;
export const retentionNames: readonly RetentionName[] = retentionClass.options;

/** Input of the workflow `backupSource`, as a person writes it by hand. */
export const backupSourceInputSchema = z.strictObject({
  source: nameSchema,
  tags: z.array(tagSchema).max(20).optional(),
  kind: z.string().max(40).optional(),
  retention: retentionClass.optional(),
  /** Repositories that get a copy of the snapshot, instead of those of the configuration; none when empty. */
  copies: z.array(nameSchema).max(20).optional(),
  schedule: nameSchema.optional(),
  encrypt: z.literal(true, 'cannot be switched off: a restic repository is always encrypted').optional(),
});
export type BackupSourceInput = z.infer<typeof backupSourceInputSchema>;

const durationSchema = z.string().regex(durationPattern, 'must be a duration such as 90m or 3d');

/** Input of the workflows `restore` and `planRestore`. */
export const restoreInputSchema = z.strictObject({
  /** Restores the newest snapshot of this source, unless `snapshot` names another. */
  source: nameSchema,
  /** Snapshot id or a unique prefix of it, or `latest`. */
  snapshot: z
    .string()
    .regex(/^(latest|[0-9a-f]{4,64})$/, 'must be "latest" or a snapshot id')
    .optional(),
  /**
   * A folder for files (made when missing, otherwise empty). For a database the name that it shall have: a new
   * one, or that of a database which is replaced after a confirmation. Left out, a database gets its own name.
   */
  target: z.string().min(1).max(4096).optional(),
  /** Repository that it is read from: a copy. Default: that of the source. */
  repository: nameSchema.optional(),
  /** Data that lies in an archive class is asked for, waited for, and readable for so many days (default: 7). */
  thaw: z.strictObject({ speed: z.enum(thawSpeeds), days: z.int().min(1).max(60).optional() }).optional(),
  /** True, for files: over what is there, where they were, after a confirmation. Instead of a target. */
  inPlace: z.boolean().optional(),
  /** Only these absolute paths of the snapshot and what is below them; databases by name, too. */
  include: z.array(z.string().min(1)).max(1000).optional(),
  /**
   * Only these tables of a database, with what they need: `schema.table`. Into a new database, or (PostgreSQL) in the
   * place of those of a database that stays.
   */
  tables: z.array(z.string().min(1).max(200)).min(1).max(500).optional(),
  /** Source of the configuration whose server takes the databases. */
  to: nameSchema.optional(),
  /** Role that shall own everything that is restored, instead of the recorded owners. */
  owner: z.string().min(1).max(63).optional(),
  /** Roles that are called otherwise at the target: new names by the recorded ones (PostgreSQL). */
  mapRoles: z.record(z.string().min(1).max(63), z.string().min(1).max(63)).optional(),
  /** True: what stands in the way is replaced without waiting for a person. */
  confirmed: z.boolean().optional(),
  /** How long a confirmation is waited for; then the answer is no. Default: 1h. */
  confirmWithin: durationSchema.optional(),
  /** False: what stands in the way is not backed up before it is replaced; it is kept all the same. */
  safetyBackup: z.boolean().optional(),
  /** How long what was replaced is kept. Default: 3d. */
  keepReplaced: durationSchema.optional(),
});
export type RestoreInput = z.infer<typeof restoreInputSchema>;

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Files that a restore has overwritten: they are in a snapshot of their source. */
export interface ReplacedFiles {
  readonly source: ResolvedSource;
  readonly snapshot: string;
  /** Absolute paths that were restored. */
  readonly include: readonly string[];
}

/** Input of the workflow `keepReplaced`, which a restore writes, nobody by hand. */
export const keepReplacedInputSchema = z.strictObject({
  /** Name of the restore, as `resguardo rollback` takes it. */
  restore: z.string().min(1).max(100),
  /** ISO, UTC. */
  until: z.iso.datetime(),
  plan: z.custom<DatabasePlan>(isObject).optional(),
  files: z.custom<ReplacedFiles>(isObject).optional(),
});
export type KeepReplacedInput = z.infer<typeof keepReplacedInputSchema>;

/** Content of the update `confirm`: the name of the database that is replaced; of the source, if they are several. */
export const confirmSchema = z.strictObject({ target: z.string().min(1).max(4096) });
export type Confirmation = z.infer<typeof confirmSchema>;

/** Input of the workflow `verification`. */
export const verificationInputSchema = z.strictObject({
  /** Repository name of the configuration; all of them when left out. */
  repository: nameSchema.optional(),
  /** Share of the pack data that is read and decrypted, in percent. 0 checks the structure alone. */
  readDataPercent: z.number().min(0).max(100).optional(),
  /** Schedule that starts the run, by its id. */
  schedule: nameSchema.optional(),
});
export type VerificationInput = z.infer<typeof verificationInputSchema>;

/** Input of the workflow `prune`. */
export const pruneInputSchema = z.strictObject({
  /** Repository name of the configuration; all of them when left out. */
  repository: nameSchema.optional(),
  /** Tells what would go, and changes nothing. */
  dryRun: z.boolean().optional(),
  /** Schedule that starts the run, by its id. */
  schedule: nameSchema.optional(),
});
export type PruneInput = z.infer<typeof pruneInputSchema>;
/** Input of the workflow `replicate`. */
export const replicateInputSchema = z.strictObject({
  /** Repository that gets the copies; each that the configuration copies to when left out. */
  repository: nameSchema.optional(),
  /** These repositories alone, each in a run of its own. */
  repositories: z.array(nameSchema).max(100).optional(),
  /** Sources whose snapshots are copied, beside those that the configuration copies there. */
  sources: z.array(nameSchema).max(1000).optional(),
  /** Schedule that starts the run, by its id. */
  schedule: nameSchema.optional(),
});
export type ReplicateInput = z.infer<typeof replicateInputSchema>;

/** Content of the signal `copyMore`. */
export const copyMoreSchema = z.strictObject({ sources: z.array(nameSchema).max(1000).optional() });
export type CopyMore = z.infer<typeof copyMoreSchema>;

const countSchema = z.int().min(0);
const listedNames = z.array(nameSchema).max(100);

/** What a run over many sources or repositories has counted so far; lists hold the first ones. */
const fleetTallySchema = z.strictObject({
  total: countSchema,
  done: countSchema,
  partial: countSchema,
  failed: countSchema,
  cancelled: countSchema,
  merged: countSchema,
  left: countSchema,
  partialNames: listedNames,
  mergedNames: listedNames,
  leftNames: listedNames,
  failures: z
    .array(z.strictObject({ name: nameSchema, failure: z.string().max(100), message: z.string().max(2000) }))
    .max(100),
});
export type FleetTally = z.infer<typeof fleetTallySchema>;

/** Input of the workflows `dailyBackup` and `incrementalBackup`. */
export const fleetBackupInputSchema = z.strictObject({
  /** Schedule that starts the run, by its id; it becomes a tag of the snapshots. */
  schedule: nameSchema.optional(),
  /** How long the snapshots are meant to last; that of the workflow when left out. */
  retention: retentionClass.optional(),
  tags: z.array(tagSchema).max(20).optional(),
  /** Where a run goes on that has become too long for one history; nobody writes it by hand. */
  continued: z
    .strictObject({
      after: nameSchema,
      startedAt: z.string().max(40),
      tally: fleetTallySchema,
    })
    .optional(),
});
export type FleetBackupInput = z.infer<typeof fleetBackupInputSchema>;

/** Content of the signal `keepAs`. */
export const keepAsSchema = z.strictObject({ retention: retentionClass, schedule: nameSchema.optional() });
export type KeepAs = z.infer<typeof keepAsSchema>;

/** Input of the other workflows that a schedule starts: `dailyBackup`, `securityMonitoring` and so on. */
export const scheduledInputSchema = z.strictObject({
  /** Schedule that starts the run, by its id; it becomes a tag of the snapshots. */
  schedule: nameSchema.optional(),
});
export type ScheduledInput = z.infer<typeof scheduledInputSchema>;

/**
 * Parses what a person typed.
 * @throws {Failure} InvalidInput, whose message names each wrong field.
 */
export function parseInput<T>(workflow: string, schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const field = issue.path.length > 0 ? issue.path.map(String).join('.') : 'input';
    return `${field}: ${issue.message}`;
  });
  throw new Failure('InvalidInput', `The input of ${workflow} is wrong: ${problems.join('; ')}`);
}
