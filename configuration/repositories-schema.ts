import { z } from 'zod';
import { pruneSchema } from './prune-schema.ts';
import { repositoryUrlSchema, secretReferenceSchema } from './reference-schema.ts';
import { repositoryRetentionSchema } from './retention-schema.ts';
import { azureSchema, gcsSchema, limitsSchema, s3Schema, sftpSchema } from './stores-schema.ts';

/** Groups of fields, and the start of the URLs that they are for. */
const groups = { s3: ['s3:', 'b2:'], azure: ['azure:'], gcs: ['gs:'], sftp: ['sftp:'] } as const;

export const repositorySchema = z
  .strictObject({
    url: repositoryUrlSchema.meta({
      description:
        "Place of the restic repository, in restic's notation: a path, s3:https://HOST/BUCKET/PREFIX, b2:BUCKET:/PREFIX, azure:CONTAINER:/PREFIX, gs:BUCKET:/PREFIX, sftp:USER@HOST:/PATH. A relative path starts at the folder of this configuration file.",
      examples: ['/srv/backups/resguardo'],
    }),
    password: secretReferenceSchema.meta({
      description: "Reference to the repository's password: env:NAME or file:PATH.",
      examples: ['file:/etc/resguardo/main.key'],
    }),
    offsite: z
      .boolean()
      .optional()
      .meta({
        description:
          'Whether fire or theft where the data is leaves the repository whole. Default: false for a folder, true for anything else.',
        examples: [true],
      }),
    archive: z
      .boolean()
      .default(false)
      .meta({
        description:
          'Gets the newest snapshot of each source once a month (schedule monthly_archive), and not a copy after each backup: of the sources that name it in copies, or of all when none does. Default: false.',
        examples: [true],
      }),
    compression: z
      .enum(['fastest', 'default', 'better', 'max', 'off'])
      .default('default')
      .meta({
        description: 'How hard zstd works.',
        examples: ['default'],
      }),
    s3: s3Schema.optional().meta({
      description: 'Access to S3 and what speaks like it, Backblaze B2 included.',
      examples: [{ region: 'eu-central-1', profile: 'backup' }],
    }),
    azure: azureSchema.optional().meta({
      description: 'Access to Azure Blob Storage.',
      examples: [{ account: 'mybackups', key: 'file:/etc/resguardo/azure.key' }],
    }),
    gcs: gcsSchema.optional().meta({
      description: 'Access to Google Cloud Storage.',
      examples: [{ credentials: 'file:/etc/resguardo/gcs.json' }],
    }),
    sftp: sftpSchema.optional().meta({
      description: 'Access by SSH.',
      examples: [{ privateKey: 'file:/etc/resguardo/ssh.key' }],
    }),
    caFile: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          'PEM file with certificate authorities to trust beside the usual ones. Default: RESTIC_CACERT, if set.',
        examples: ['/etc/resguardo/ca.pem'],
      }),
    limits: limitsSchema.optional().meta({
      description: 'What the repository may take of the network. Not for a folder.',
      examples: [{ uploadKiB: 10_240, connections: 8 }],
    }),
    retention: repositoryRetentionSchema.prefault({}).meta({
      description: 'How long snapshots are kept here. Default: as policies.retention says.',
      examples: [{ daily: '365d' }],
    }),
    prune: pruneSchema.prefault({}).meta({
      description: 'How the schedule repository_prune removes what is kept no longer.',
      examples: [{ password: 'file:/etc/resguardo/prune.key' }],
    }),
  })
  .check(({ value, issues }) => {
    for (const [group, schemes] of Object.entries(groups)) {
      if (!Object.hasOwn(value, group) || schemes.some((scheme) => value.url.startsWith(scheme))) continue;
      const message = `is for a url that starts with ${schemes.join(' or ')}: remove it, or correct the url`;
      issues.push({ code: 'custom', path: [group], message, input: value });
    }
  });

export type RepositoryConfiguration = Readonly<z.output<typeof repositorySchema>>;
