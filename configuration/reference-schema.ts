import { z } from 'zod';

/** A reference to a secret: never the secret itself. */
export const secretReferenceSchema = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, {
  error:
    'must be a reference, env:NAME or file:PATH, and never the secret itself: put the secret into a file of mode 600 or into an environment variable',
});
