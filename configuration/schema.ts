import { z } from 'zod';
import { nameSchema } from '../contracts/inputs.ts';
import { durationSchema } from './duration-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { referencePattern, secretReferenceSchema } from './reference-schema.ts';
import { schedulesSchema } from './schedules-schema.ts';

/**
 * The configuration as a person writes it. Each field tells its meaning, its default and an example of a
 * right value: the JSON Schema for editors and the error messages are made of them.
 */

const repositoryUrlSchema = z
  .string()
  .min(1)
  .refine((url) => !hasInlinePassword(url), {
    error: 'must not hold a password: leave it out here, and give it by an environment variable or a file',
  });

const connectionUrlSchema = z
  .string()
  .regex(new RegExp(`${referencePattern.source}|^postgres(ql)?://.+$`), {
    error:
      'must be env:NAME or file:PATH that holds a URL, or a URL postgres://USER@HOST:PORT/DATABASE without a password',
  })
  .refine((url) => !hasInlinePassword(url), {
    error:
      'must not hold a password: put the whole URL into an environment variable and write env:NAME here, or use the fields host, port, user, database and password: env:NAME',
  });

const connectionFieldsSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('localhost')
    .meta({
      description: 'Host name or address of the server, or the folder of its socket.',
      examples: ['db1.internal'],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(5432)
    .meta({ description: 'TCP port.', examples: [5432] }),
  user: z
    .string()
    .min(1)
    .meta({ description: 'Role that reads the databases.', examples: ['backup'] }),
  database: z
    .string()
    .min(1)
    .default('postgres')
    .meta({
      description: 'Database that is connected to first; the others are found from there.',
      examples: ['postgres'],
    }),
  password: secretReferenceSchema.optional().meta({
    description: "Reference to the role's password. Left out where the server asks for none.",
    examples: ['env:PGPASSWORD'],
  }),
  sslMode: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .optional()
    .meta({ description: 'How the connection is encrypted, as in libpq.', examples: ['verify-full'] }),
});

const sourceFields = {
  repository: nameSchema.optional().meta({
    description: 'Repository that takes the snapshots. Default: defaultRepository.',
    examples: ['main'],
  }),
  host: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .meta({
      description: 'Host whose worker reads the data. Default: host of this configuration.',
      examples: ['db1'],
    }),
  tags: z
    .array(z.string().regex(/^[^,\s:]+(:[^,\s]+)?$/, 'must not contain commas or spaces'))
    .max(20)
    .default([])
    .meta({ description: 'Tags that every snapshot of the source gets.', examples: [['team-a']] }),
};

const postgresSourceSchema = z
  .strictObject({
    kind: z.literal('postgres'),
    connection: z.union([connectionUrlSchema, connectionFieldsSchema]).meta({
      description: 'Where the server is. A URL with a password is given by reference: env:NAME or file:PATH.',
      examples: ['env:DATABASE_URL'],
    }),
    databases: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: 'Databases to back up. Default: all of the server.',
        examples: [['shop', 'crm']],
      }),
    ...sourceFields,
  })
  .meta({
    title: 'PostgreSQL, logical dumps',
    description: 'Databases of a PostgreSQL server, roles included.',
  });

const filesSourceSchema = z
  .strictObject({
    kind: z.literal('files'),
    paths: z
      .array(z.string().min(1))
      .min(1)
      .meta({
        description: 'Files and folders. Relative ones start at the folder of this configuration file.',
        examples: [['/etc', '/home']],
      }),
    exclude: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description: 'Patterns of what is left out.',
        examples: [['*.tmp', '__pycache__']],
      }),
    excludeCaches: z
      .boolean()
      .default(false)
      .meta({
        description: 'Leaves out folders that hold a CACHEDIR.TAG.',
        examples: [true],
      }),
    oneFileSystem: z
      .boolean()
      .default(false)
      .meta({
        description: 'Does not cross into other file systems.',
        examples: [true],
      }),
    ...sourceFields,
  })
  .meta({ title: 'Files and folders', description: 'Files and folders of a host.' });

const sourceSchema = z.discriminatedUnion('kind', [postgresSourceSchema, filesSourceSchema]);

const repositorySchema = z.strictObject({
  url: repositoryUrlSchema.meta({
    description:
      "Place of the restic repository, in restic's notation. A relative path starts at the folder of this configuration file.",
    examples: ['/srv/backups/resguardo'],
  }),
  password: secretReferenceSchema.meta({
    description: "Reference to the repository's password: env:NAME or file:PATH.",
    examples: ['file:/etc/resguardo/main.key'],
  }),
  compression: z
    .enum(['fastest', 'default', 'better', 'max', 'off'])
    .default('default')
    .meta({
      description: 'How hard zstd works.',
      examples: ['default'],
    }),
});

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
    repositories: z.record(nameSchema, repositorySchema).meta({
      description: 'Repositories by name.',
      examples: [{ main: { url: '/srv/backups/resguardo', password: 'file:/etc/resguardo/main.key' } }],
    }),
    defaultRepository: nameSchema.optional().meta({
      description: 'Repository of sources that name none. Needed when there are several repositories.',
      examples: ['main'],
    }),
    schedules: schedulesSchema.prefault({}).meta({
      description: 'When each schedule runs.',
      examples: [{ automated_backups: { at: '01:30' } }],
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
export type RepositoryConfiguration = Readonly<z.output<typeof repositorySchema>>;
export type SourceConfiguration = Readonly<z.output<typeof sourceSchema>>;
export type PostgresSourceConfiguration = Readonly<z.output<typeof postgresSourceSchema>>;
export type FilesSourceConfiguration = Readonly<z.output<typeof filesSourceSchema>>;
export type LogConfiguration = Readonly<z.output<typeof logSchema>>;

/** Whether a URL has a password between user and host, or libpq's `password` parameter. */
export function hasInlinePassword(url: string): boolean {
  return (
    /:\/\/[^/\s]*:[^/\s]*@/.test(url) || /^sftp:[^@/\s]+:[^@/\s]+@/.test(url) || /[?&]password=/i.test(url)
  );
}
