import { z } from 'zod';

/** A program and its arguments. */
export const words = z
  .array(
    z
      .string()
      .min(1)
      .refine((word) => !word.includes('\0')),
  )
  .min(1);

/** What a program of the user runs with, in sources and hooks alike. */
export const programFields = {
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a name of an environment variable'),
      z.string(),
    )
    .default({})
    .meta({
      description:
        'Environment of the programs beside PATH, HOME, LANG and TZ: texts, or references to secrets (env:NAME, file:PATH).',
      examples: [{ DATABASE_URL: 'env:DATABASE_URL' }],
    }),
  workingFolder: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Folder in which they run. Default: /.', examples: ['/srv/app'] }),
};
