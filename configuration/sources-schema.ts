import { z } from 'zod';
import { commandSourceSchema } from './command-schema.ts';
import { filesSourceSchema } from './files-schema.ts';
import { mysqlSourceSchema } from './mysql-schema.ts';
import { postgresSourceSchema } from './postgres-schema.ts';

/** An entry of the section `sources` of the configuration: what is backed up. */
export const sourceSchema = z.discriminatedUnion('kind', [
  postgresSourceSchema,
  mysqlSourceSchema,
  commandSourceSchema,
  filesSourceSchema,
]);

export type SourceConfiguration = Readonly<z.output<typeof sourceSchema>>;
