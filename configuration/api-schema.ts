import { z } from 'zod';
import { secretReferenceSchema } from './reference-schema.ts';

/** HOST:PORT; IPv6 addresses in brackets. */
const listenPattern = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/;

export const apiSchema = z.strictObject({
  listen: z
    .string()
    .refine((text) => Number(listenPattern.exec(text)?.[1] ?? Number.NaN) <= 65_535, {
      error: 'must be HOST:PORT, without a scheme',
    })
    .default('127.0.0.1:8484')
    .meta({
      description:
        'Address that the HTTP API answers on; port 0 takes a free one. Beyond this machine a key is needed.',
      examples: ['127.0.0.1:8484'],
    }),
  key: secretReferenceSchema.optional().meta({
    description:
      'Reference to the key that clients send as X-API-Key. Default: env:BACKUP_API_KEY where that is set, else none, and only health and readiness are answered.',
    examples: ['env:BACKUP_API_KEY'],
  }),
});

export type ApiConfiguration = Readonly<z.output<typeof apiSchema>>;

export const catalogSchema = z.strictObject({
  connection: secretReferenceSchema.optional().meta({
    description:
      'Reference to the URL of a PostgreSQL database that several workers share, postgres://USER:PASSWORD@HOST/DATABASE. Default: a file in stateDir.',
    examples: ['env:CATALOG_URL'],
  }),
});
