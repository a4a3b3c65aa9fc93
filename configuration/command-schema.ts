import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { programFields, words } from './program-fields.ts';
import { referencePattern } from './reference-schema.ts';
import { sourceFields } from './source-fields.ts';

/** A source of kind `command`. */
export const commandSourceSchema = z
  .strictObject({
    kind: z.literal('command'),
    command: words.meta({
      description: 'Program and arguments, whose standard output is stored. No shell reads it.',
      examples: [['mongodump', '--archive', '--config=/etc/mongodump.yaml']],
    }),
    restoreCommand: words.optional().meta({
      description: 'Program and arguments that take the output at their standard input.',
      examples: [['mongorestore', '--archive', '--drop', '--config=/etc/mongodump.yaml']],
    }),
    file: z
      .string()
      .min(1)
      .max(200)
      .default('output')
      .meta({ description: 'Name of the file in the snapshot.', examples: ['mongo.archive'] }),
    ...programFields,
    timeout: durationSchema({ leastMs: 1000, mostMs: 7 * 86_400_000 })
      .optional()
      .meta({ description: 'Longest run of a program.', examples: ['6h'] }),
    failurePattern: z
      .string()
      .min(1)
      .max(500)
      .refine(isPattern, { error: 'must be a regular expression' })
      .optional()
      .meta({
        description: 'Regular expression: if the last 4 KB of standard error match, the program has failed.',
        examples: ['error|failed'],
      }),
    ...sourceFields,
  })
  .meta({
    title: 'Output of a command',
    description: 'What a program prints, and a program that takes it back.',
  });

export type CommandSourceConfiguration = Readonly<z.output<typeof commandSourceSchema>>;

export function isReference(text: string): boolean {
  return referencePattern.test(text);
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
