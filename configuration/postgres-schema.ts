import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { serverFields, serverUrlSchema } from './server-schema.ts';
import { nameList, sourceFields } from './source-fields.ts';

const connectionUrlSchema = serverUrlSchema({
  schemes: 'postgres(?:ql)?',
  url: 'postgres://USER@HOST:PORT/DATABASE',
  fields: 'host, port, user, database and password',
});

const connectionFieldsSchema = z.strictObject({
  ...serverFields({
    port: 5432,
    socket: 'the folder of its socket',
    user: 'Role that reads the databases.',
    password: 'env:PGPASSWORD',
    certificates: 'for verify-full ~/.postgresql/root.crt, else those of the system',
  }),
  database: z
    .string()
    .min(1)
    .default('postgres')
    .meta({
      description: 'Database that is connected to first; the others are found from there.',
      examples: ['postgres'],
    }),
});

/** A source of kind `postgres`. */
export const postgresSourceSchema = z
  .strictObject({
    kind: z.literal('postgres'),
    connection: z.union([connectionUrlSchema, connectionFieldsSchema]).meta({
      description: 'Where the server is. A URL with a password is given by reference: env:NAME or file:PATH.',
      examples: ['env:DATABASE_URL'],
    }),
    databases: nameList('Databases to back up. Default: all of the server.', ['shop', 'crm']),
    excludeDatabases: nameList('Databases that are left out, with * and ? as wildcards.', ['test_*']),
    schemas: nameList('Schemas to back up, as patterns of pg_dump. Default: all.', ['public']),
    tables: nameList('Tables to back up, as patterns of pg_dump. Default: all.', ['shop.order*']),
    excludeSchemas: nameList('Schemas that are left out, as patterns of pg_dump.', ['audit']),
    excludeTables: nameList('Tables that are left out, as patterns of pg_dump.', ['*.tmp_*']),
    excludeTableData: nameList('Tables whose definition is backed up without rows, as patterns of pg_dump.', [
      'public.session',
    ]),
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
export type PostgresSourceConfiguration = Readonly<z.output<typeof postgresSourceSchema>>;
