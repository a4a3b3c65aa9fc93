import { z } from 'zod';

/** What bench/copies-run.ts prints. */
export const copiesRun = z.object({
  /** Since the process was started. */
  seconds: z.number(),
  backupSeconds: z.number(),
  /** Of each copy, in the order of the arguments. */
  copySeconds: z.array(z.number()),
  /** Bytes that the process read from files during the backup. */
  readBytes: z.number(),
  sourceBytes: z.number(),
});

export type CopiesRun = z.infer<typeof copiesRun>;
