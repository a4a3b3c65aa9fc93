import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { retentionSchema } from './retention-schema.ts';

/** The section `policies` of the configuration: what is promised, and checked each day. */

const hourMs = 3_600_000;

const freshness = durationSchema({ leastMs: hourMs, mostMs: 366 * 24 * hourMs });

const freshnessSchema = z.strictObject({
  default: freshness.default('24h').meta({
    description:
      'Greatest age of the newest snapshot of a source. An hour more is a warning, two hours more are critical.',
    examples: ['24h'],
  }),
  files: freshness.optional().meta({
    description: 'The same for sources of the kind files.',
    examples: ['24h'],
  }),
  postgres: freshness.optional().meta({
    description: 'The same for sources of the kind postgres.',
    examples: ['7h'],
  }),
  mysql: freshness.optional().meta({
    description: 'The same for sources of the kind mysql.',
    examples: ['7h'],
  }),
  command: freshness.optional().meta({
    description: 'The same for sources of the kind command.',
    examples: ['24h'],
  }),
});

const copiesSchema = z.strictObject({
  copies: z
    .int()
    .min(1)
    .max(20)
    .default(2)
    .meta({ description: 'Copies of the data, the original counted.', examples: [3] }),
  media: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .meta({
      description: 'Kinds of storage that the copies are on: disk, s3, azure, gcs, sftp.',
      examples: [2],
    }),
  offsite: z
    .int()
    .min(0)
    .max(20)
    .default(0)
    .meta({ description: 'Copies in repositories that are off-site.', examples: [1] }),
});

export const policiesSchema = z.strictObject({
  freshness: freshnessSchema
    .prefault({})
    .meta({ description: 'How old the newest snapshot may be.', examples: [{ default: '24h' }] }),
  retention: retentionSchema.prefault({}).meta({
    description:
      'How long snapshots are kept, by the run that made them; the schedule repository_prune removes the others.',
    examples: [{ daily: '30d' }],
  }),
  copies: copiesSchema.prefault({}).meta({
    description:
      'How many copies there must be. Default: the data and one repository; 3 copies on 2 media, 1 of them off-site, is what auditors ask for.',
    examples: [{ copies: 3, media: 2, offsite: 1 }],
  }),
});

export type PoliciesConfiguration = Readonly<z.output<typeof policiesSchema>>;
