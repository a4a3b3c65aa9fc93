import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { repositoryUrlSchema, secretReferenceSchema } from './reference-schema.ts';
import { azureSchema, gcsSchema, s3Schema, sftpSchema } from './stores-schema.ts';

/** `prune` of a repository. */
export const pruneSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({
      description: 'Whether the schedule repository_prune forgets and prunes here. Default: true.',
      examples: [false],
    }),
  url: repositoryUrlSchema.optional().meta({
    description:
      'The same repository by another way, with the right to remove, where backups have no such right.',
    examples: ['sftp:prune@vault.example.com:/srv/resguardo'],
  }),
  password: secretReferenceSchema.optional().meta({
    description: 'Reference to another password of the repository, for pruning alone.',
    examples: ['file:/etc/resguardo/prune.key'],
  }),
  s3: s3Schema.optional().meta({
    description: 'Other access to S3, for pruning alone.',
    examples: [{ profile: 'prune' }],
  }),
  azure: azureSchema.optional().meta({
    description: 'Other access to Azure Blob Storage, for pruning alone.',
    examples: [{ key: 'file:/etc/resguardo/azure-prune.key' }],
  }),
  gcs: gcsSchema.optional().meta({
    description: 'Other access to Google Cloud Storage, for pruning alone.',
    examples: [{ credentials: 'file:/etc/resguardo/gcs-prune.json' }],
  }),
  sftp: sftpSchema.optional().meta({
    description: 'Other access by SSH, for pruning alone.',
    examples: [{ privateKey: 'file:/etc/resguardo/ssh-prune.key' }],
  }),
  deleteDelay: durationSchema({ leastMs: 0, mostMs: 366 * 24 * 60 * 60 * 1000 })
    .default('24h')
    .meta({
      description:
        'How long data stays in the store once no snapshot needs it: a later prune removes it. 0s: it goes at once.',
      examples: ['7d'],
    }),
  maxUnusedPercent: z
    .number()
    .min(0)
    .max(99)
    .default(5)
    .meta({
      description: 'Share of the stored data that may stay though no snapshot needs it, in percent.',
      examples: [5],
    }),
});
