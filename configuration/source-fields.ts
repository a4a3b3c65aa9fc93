import { z } from 'zod';
import { nameSchema } from '../contracts/inputs.ts';
import { sourceHooksSchema } from './hooks-schema.ts';

/** Fields that every kind of source has. */
export const sourceFields = {
  repository: nameSchema.optional().meta({
    description: 'Repository that takes the snapshots. Default: defaultRepository.',
    examples: ['main'],
  }),
  copies: z
    .array(nameSchema)
    .max(20)
    .optional()
    .meta({
      description: 'Repositories that get a copy of each snapshot. Default: defaultCopies.',
      examples: [['offsite']],
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
  hooks: sourceHooksSchema.prefault({}).meta({
    description: 'Programs that are run on the host of the source around each of its backups.',
    examples: [{ before: [{ command: ['docker', 'stop', 'wiki'] }] }],
  }),
};

/** A list of names, or patterns of them. */
export function nameList(description: string, examples: readonly string[]) {
  return z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description, examples: [examples] });
}
