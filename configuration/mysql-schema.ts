import { z } from 'zod';
import { serverFields, serverUrlSchema } from './server-schema.ts';
import { nameList, sourceFields } from './source-fields.ts';

const mysqlUrlSchema = serverUrlSchema({
  schemes: 'mysql|mariadb',
  url: 'mysql://USER@HOST:PORT',
  fields: 'host, port, user and password',
});

const mysqlFieldsSchema = z.strictObject(
  serverFields({
    port: 3306,
    socket: 'the path of its socket',
    user: 'User who reads the databases.',
    password: 'env:MYSQL_PASSWORD',
    certificates: 'those of the system',
  }),
);

/** A source of kind `mysql`. */
export const mysqlSourceSchema = z
  .strictObject({
    kind: z.literal('mysql'),
    connection: z.union([mysqlUrlSchema, mysqlFieldsSchema]).meta({
      description: 'Where the server is. A URL with a password is given by reference: env:NAME or file:PATH.',
      examples: ['env:DATABASE_URL'],
    }),
    databases: nameList('Databases to back up. Default: all of the server, found anew at each run.', [
      'shop',
      'crm',
    ]),
    excludeDatabases: nameList('Databases that are left out, with * and ? as wildcards.', ['test_*']),
    excludeTables: nameList('Tables that are left out, as database.table with * and ? as wildcards.', [
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
