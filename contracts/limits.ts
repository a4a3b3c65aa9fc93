import { z } from 'zod';

const kibibytesPerSecond = z.int().min(1).max(1_000_000_000).nullable().optional();

/**
 * Input of the update `limits`: what a running backup may take of the network. A field that is left out is as
 * in the configuration; null is no limit.
 */
export const runLimitsSchema = z.strictObject({
  uploadKiB: kibibytesPerSecond,
  downloadKiB: kibibytesPerSecond,
  connections: z.int().min(1).max(256).optional(),
});

/** KiB per second, and requests at once. */
export type RunLimits = z.infer<typeof runLimitsSchema>;

export interface RunLimitsRequest {
  /** Workflow run that the limits are for. */
  readonly runId: string;
  readonly limits: RunLimits;
}
