import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { programFields, words } from './program-fields.ts';

const hookSchema = z
  .strictObject({
    command: words.meta({
      description: 'Program and arguments. No shell reads it, unless you name one.',
      examples: [['docker', 'stop', 'wiki']],
    }),
    name: z
      .string()
      .regex(/^[^\s\p{C}](?:[^\p{C}]{0,58}[^\s\p{C}])?$/u, 'must be one line of at most 60 characters')
      .optional()
      .meta({ description: 'What it is called. Default: the program.', examples: ['stop the wiki'] }),
    timeout: durationSchema({ leastMs: 1000, mostMs: 86_400_000 })
      .default('5m')
      .meta({
        description: 'Longest run; then it is ended, with all that it has started.',
        examples: ['1m'],
      }),
    onError: z
      .enum(['fail', 'continue'])
      .default('fail')
      .meta({
        description: 'What its failure means: the run fails, or goes on and ends with a warning.',
        examples: ['continue'],
      }),
    ...programFields,
  })
  .meta({ title: 'Hook', description: 'A program that is run around a backup or a restore.' });

export type HookConfiguration = Readonly<z.output<typeof hookSchema>>;

function hookList(description: string, example: readonly string[]) {
  return z
    .array(hookSchema)
    .max(20)
    .default([])
    .meta({ description, examples: [[{ command: example }]] });
}

const around = {
  before: hookList('Run first, one after the other. When one fails, nothing is backed up.', [
    'docker',
    'stop',
    'wiki',
  ]),
  after: hookList('Run when it has ended well.', ['curl', '-fsS', 'https://ping.example.com/wiki']),
  onFailure: hookList('Run when it has failed or was cancelled.', ['logger', 'the backup has failed']),
  always: hookList('Run last, however it has ended.', ['umount', '/mnt/snapshot']),
};

/** Hooks around runs over every source. */
export const runHooksSchema = z.strictObject(around);

/** Hooks around restores into the place of one source. */
export const restoreHooksSchema = z.strictObject({
  before: hookList('Run first, once the restore is confirmed. When one fails, nothing is restored.', [
    'mountpoint',
    '-q',
    '/srv',
  ]),
  beforeReplace: hookList('Run when all is ready, before what is there is replaced, if anything is.', [
    'systemctl',
    'stop',
    'shop',
  ]),
  after: hookList('Run when it has ended well.', ['systemctl', 'reload', 'cache']),
  onFailure: hookList('Run when it has failed or was cancelled.', ['logger', 'the restore has failed']),
  always: hookList('Run last, however it has ended.', ['systemctl', 'start', 'shop']),
});

/** Hooks around the backup of one source, and around restores into its place. */
export const sourceHooksSchema = z.strictObject({
  ...around,
  restore: restoreHooksSchema
    .prefault({})
    .meta({ description: 'Programs around restores into the place of this source (docs/hooks.md).' }),
  afterRead: hookList(
    'Run as soon as everything is read, or reading has failed: before the snapshot is written.',
    ['docker', 'start', 'wiki'],
  ),
});

export type SourceHooksConfiguration = Readonly<z.output<typeof sourceHooksSchema>>;

/** Lists of hooks by point. */
export type HooksConfiguration = Readonly<
  | Omit<SourceHooksConfiguration, 'restore'>
  | z.output<typeof runHooksSchema>
  | z.output<typeof restoreHooksSchema>
>;
