import { z } from 'zod';
import { sizePattern } from '../contracts/size.ts';
import { sourceFields } from './source-fields.ts';

/** A source of kind `files`. */
export const filesSourceSchema = z
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
export type FilesSourceConfiguration = Readonly<z.output<typeof filesSourceSchema>>;
