import { z } from 'zod';
import { sizePattern } from '../contracts/size.ts';
import { commandSourceSchema } from './command-schema.ts';
import { durationSchema } from './duration-schema.ts';
import { mysqlSourceSchema } from './mysql-schema.ts';
import { hasInlinePassword, referencePattern, secretReferenceSchema } from './reference-schema.ts';
import { namePatterns, sourceFields } from './source-fields.ts';

/** The section `sources` of the configuration: what is backed up. */

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
  sslRootCertificate: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        'File of the certificates that are trusted. Default for verify-full: ~/.postgresql/root.crt, else those of the system.',
      examples: ['/etc/ssl/private-ca.pem'],
    }),
});

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
    excludeDatabases: namePatterns('Databases that are left out, with * and ? as wildcards.', ['test_*']),
    schemas: namePatterns('Schemas to back up, as patterns of pg_dump. Default: all.', ['public']),
    tables: namePatterns('Tables to back up, as patterns of pg_dump. Default: all.', ['shop.order*']),
    excludeSchemas: namePatterns('Schemas that are left out, as patterns of pg_dump.', ['audit']),
    excludeTables: namePatterns('Tables that are left out, as patterns of pg_dump.', ['*.tmp_*']),
    excludeTableData: namePatterns(
      'Tables whose definition is backed up without rows, as patterns of pg_dump.',
      ['public.session'],
    ),
    schemaOnly: z
      .boolean()
      .optional()
      .meta({ description: 'Backs up definitions without any rows.', examples: [true] }),
    jobs: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .meta({
        description: 'Programs that dump or load a database at the same time. Default: 2.',
        examples: [4],
      }),
    lockTimeout: durationSchema({ leastMs: 1000, mostMs: 86_400_000 })
      .optional()
      .meta({
        description: 'How long a dump waits for a lock that a change of structure holds. Default: 1m.',
        examples: ['5m'],
      }),
    rolePasswords: z
      .boolean()
      .optional()
      .meta({
        description:
          'Whether the hashes of the passwords of roles are backed up. Default: true; if they cannot be read, each run warns of it.',
        examples: [false],
      }),
    binDir: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'Folder of pg_dump, pg_dumpall and pg_restore. Default: the best that are found.',
        examples: ['/usr/lib/postgresql/17/bin'],
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
    iexclude: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description: 'The same, where capital and small letters are the same.',
        examples: [['*.iso']],
      }),
    excludeFile: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description:
          'Files with such patterns, one a line; # begins a comment. Relative ones start at the folder of this configuration file.',
        examples: [['exclude.txt']],
      }),
    iexcludeFile: z
      .array(z.string().min(1))
      .default([])
      .meta({
        description: 'Files with patterns where capital and small letters are the same.',
        examples: [['iexclude.txt']],
      }),
    excludeIfPresent: z
      .array(z.string().regex(/^[^/\0:]+(:[^\0]*)?$/, 'must be the name of a file, or NAME:HEADER'))
      .default([])
      .meta({
        description:
          'Leaves out what is in folders with a file of this name; NAME:HEADER: with a file that begins so.',
        examples: [['.nobackup']],
      }),
    excludeLargerThan: z
      .string()
      .regex(sizePattern, 'must be a size such as 500M or 10G')
      .optional()
      .meta({ description: 'Leaves out files that are larger.', examples: ['10G'] }),
    ignoreFile: z
      .array(z.string().regex(/^[^/\0]+$/, 'must be the name of a file, without folders'))
      .default([])
      .meta({
        description:
          'Names of ignore files: what they name in their folders, as git understands it, is left out.',
        examples: [['.gitignore', '.backupignore']],
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

export const sourceSchema = z.discriminatedUnion('kind', [
  postgresSourceSchema,
  mysqlSourceSchema,
  commandSourceSchema,
  filesSourceSchema,
]);

export type SourceConfiguration = Readonly<z.output<typeof sourceSchema>>;
export type PostgresSourceConfiguration = Readonly<z.output<typeof postgresSourceSchema>>;
export type FilesSourceConfiguration = Readonly<z.output<typeof filesSourceSchema>>;
export type { MysqlSourceConfiguration } from './mysql-schema.ts';
