import { z } from 'zod';
import { nameSchema } from '../contracts/inputs.ts';
import { apiSchema, catalogSchema } from './api-schema.ts';
import { durationSchema } from './duration-schema.ts';
import { runHooksSchema } from './hooks-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { policiesSchema } from './policies-schema.ts';
import { secretReferenceSchema } from './reference-schema.ts';
import { repositorySchema } from './repositories-schema.ts';
import { schedulesSchema } from './schedules-schema.ts';
import { sourceSchema } from './sources-schema.ts';

export type { ApiConfiguration } from './api-schema.ts';
export type { MysqlSourceConfiguration } from './mysql-schema.ts';
export type { PostgresSourceConfiguration } from './postgres-schema.ts';
export type { RepositoryConfiguration } from './repositories-schema.ts';
export type { SourceConfiguration } from './sources-schema.ts';

/**
 * The configuration as a person writes it. Each field tells its meaning, its default and an example of a
 * right value: the JSON Schema for editors and the error messages are made of them.
 */

const temporalSchema = z.strictObject({
  address: z
    .string()
    .regex(/^[^\s/]+:\d{1,5}$/, 'must be HOST:PORT, without a scheme')
    .optional()
    .meta({
      description:
        "Address of the Temporal server. Default: TEMPORAL_ADDRESS or the profile of Temporal's own tools, else localhost:7233.",
      examples: ['temporal.internal:7233'],
    }),
  heartbeatTimeout: durationSchema({ leastMs: 2000, mostMs: 3_600_000 })
    .default('60s')
    .meta({
      description:
        "Silence of a worker after which its step is given to another. Longer than a restart of the Temporal server takes, or a living worker's step is done twice.",
      examples: ['60s'],
    }),
  hostTimeout: durationSchema({ leastMs: 1000, mostMs: 24 * 3_600_000 })
    .default('15m')
    .meta({
      description: 'A host whose worker takes no step for so long counts as offline, and the run fails.',
      examples: ['15m'],
    }),
  namespace: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'Namespace of the workflows. Default: TEMPORAL_NAMESPACE, else default.',
      examples: ['default'],
    }),
  encryption: z
    .strictObject({
      key: secretReferenceSchema.meta({
        description:
          'Reference to a key of 32 random bytes in base64: what Temporal stores is encrypted by it.',
        examples: ['file:/etc/resguardo/temporal.key'],
      }),
      oldKeys: z
        .array(secretReferenceSchema)
        .default([])
        .meta({
          description: 'Keys of earlier times, for runs that began with them.',
          examples: [['file:/etc/resguardo/temporal-2025.key']],
        }),
    })
    .optional()
    .meta({
      description:
        'Encrypts inputs, results and failure messages in Temporal. Default: they are stored as they are, without secrets.',
      examples: [{ key: 'file:/etc/resguardo/temporal.key' }],
    }),
});

const logSchema = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({
      description: 'The least important messages that are written.',
      examples: ['info'],
    }),
  format: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .meta({
      description: 'JSON lines, or lines for people; auto takes the latter on a terminal.',
      examples: ['auto'],
    }),
});

export const configurationSchema = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .meta({
        description: 'Name of this host in task queues and snapshots. Default: the host name of the machine.',
        examples: ['db1'],
      }),
    stateDir: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          'Folder for status.json and other state. Default: /var/lib/resguardo for root, else ~/.local/state/resguardo.',
        examples: ['/var/lib/resguardo'],
      }),
    log: logSchema
      .prefault({})
      .meta({ description: 'What is logged, and how.', examples: [{ level: 'info' }] }),
    temporal: temporalSchema.prefault({}).meta({
      description: 'The Temporal server.',
      examples: [{ address: 'localhost:7233' }],
    }),
    notifications: notificationsSchema.prefault({}).meta({
      description: 'Who is told when something is wrong.',
      examples: [{ channels: { ops: { kind: 'slack', url: 'env:SLACK_WEBHOOK_URL' } } }],
    }),
    api: apiSchema.prefault({}).meta({
      description: 'The HTTP API.',
      examples: [{ listen: '127.0.0.1:8484', key: 'env:BACKUP_API_KEY' }],
    }),
    catalog: catalogSchema.prefault({}).meta({
      description: 'The database of run history and of the audit log.',
      examples: [{ connection: 'env:CATALOG_URL' }],
    }),
    policies: policiesSchema.prefault({}).meta({
      description: 'What is promised of every source, and checked: freshness, retention, copies.',
      examples: [{ freshness: { default: '24h' }, copies: { copies: 3, media: 2, offsite: 1 } }],
    }),
    repositories: z.record(nameSchema, repositorySchema).meta({
      description: 'Repositories by name.',
      examples: [{ main: { url: '/srv/backups/resguardo', password: 'file:/etc/resguardo/main.key' } }],
    }),
    defaultRepository: nameSchema.optional().meta({
      description: 'Repository of sources that name none. Needed when there are several repositories.',
      examples: ['main'],
    }),
    defaultCopies: z
      .array(nameSchema)
      .max(20)
      .default([])
      .meta({
        description:
          'Repositories that get a copy of each snapshot of sources that name none. The data is read once; copies are made from the first repository.',
        examples: [['offsite']],
      }),
    prices: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          'File with prices of your own (docs/cost.md), for `cost`, `restore --plan` and `--thaw`. Default: the list that comes with Resguardo.',
        examples: ['/etc/resguardo/prices.json'],
      }),
    schedules: schedulesSchema.prefault({}).meta({
      description: 'When each schedule runs.',
      examples: [{ automated_backups: { at: '01:30' } }],
    }),
    hooks: runHooksSchema.prefault({}).meta({
      description:
        'Programs that are run on this host around runs over every source (automated_backups, incremental_backups).',
      examples: [{ always: [{ command: ['curl', '-fsS', 'https://ping.example.com/night'] }] }],
    }),
    sources: z
      .record(nameSchema, sourceSchema)
      .default({})
      .meta({
        description: 'What is backed up, by name.',
        examples: [{ etc: { kind: 'files', paths: ['/etc'] } }],
      }),
  })
  .meta({ title: 'Resguardo configuration', description: 'resguardo.yaml' });

/** What a person, `init` or the environment writes. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type ParsedConfiguration = z.output<typeof configurationSchema>;
export type LogConfiguration = Readonly<z.output<typeof logSchema>>;
