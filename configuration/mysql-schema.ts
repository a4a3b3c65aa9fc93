import { z } from 'zod';
import { hasInlinePassword, referencePattern, secretReferenceSchema } from './reference-schema.ts';
import { namePatterns, sourceFields } from './source-fields.ts';

const mysqlUrlSchema = z
  .string()
  .regex(new RegExp(`${referencePattern.source}|^(mysql|mariadb)://.+$`), {
    error:
      'must be env:NAME or file:PATH that holds a URL, or a URL mysql://USER@HOST:PORT without a password',
  })
  .refine((url) => !hasInlinePassword(url), {
    error:
      'must not hold a password: put the whole URL into an environment variable and write env:NAME here, or use the fields host, port, user and password: env:NAME',
  });

const mysqlFieldsSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('localhost')
    .meta({
      description: 'Host name or address of the server, or the path of its socket.',
      examples: ['db1.internal'],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(3306)
    .meta({ description: 'TCP port.', examples: [3306] }),
  user: z
    .string()
    .min(1)
    .meta({ description: 'User who reads the databases.', examples: ['backup'] }),
  password: secretReferenceSchema.optional().meta({
    description: "Reference to the user's password. Left out where the server asks for none.",
    examples: ['env:MYSQL_PASSWORD'],
  }),
  sslMode: z
    .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
    .optional()
    .meta({ description: 'How the connection is encrypted, and whom it trusts.', examples: ['verify-full'] }),
  sslRootCertificate: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'File of the certificates that are trusted. Default: those of the system.',
      examples: ['/etc/ssl/private-ca.pem'],
    }),
});

/** A source of kind `mysql`. */
export const mysqlSourceSchema = z
  .strictObject({
    kind: z.literal('mysql'),
    connection: z.union([mysqlUrlSchema, mysqlFieldsSchema]).meta({
      description: 'Where the server is. A URL with a password is given by reference: env:NAME or file:PATH.',
      examples: ['env:DATABASE_URL'],
    }),
    databases: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({
        description: 'Databases to back up. Default: all of the server, found anew at each run.',
        examples: [['shop', 'crm']],
      }),
    excludeDatabases: namePatterns('Databases that are left out, with * and ? as wildcards.', ['test_*']),
    excludeTables: namePatterns('Tables that are left out, as database.table with * and ? as wildcards.', [
      'shop.sessions',
    ]),
    users: z
      .boolean()
      .optional()
      .meta({
        description:
          'Whether users and their rights are backed up. Default: true; if they cannot be read, each run warns of it.',
        examples: [false],
      }),
    binDir: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'Folder of mariadb-dump or mysqldump. Default: the best that is found.',
        examples: ['/opt/mysql-8.4/bin'],
      }),
    ...sourceFields,
  })
  .meta({
    title: 'MySQL and MariaDB, logical dumps',
    description: 'Databases of a MySQL or MariaDB server, users included.',
  });
export type MysqlSourceConfiguration = Readonly<z.output<typeof mysqlSourceSchema>>;
