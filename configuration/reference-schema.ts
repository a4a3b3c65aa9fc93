import { z } from 'zod';

/** `env:NAME`, `env:NAME#2` for the second URL of a list, or `file:PATH`. */
export const referencePattern = /^(env:[A-Za-z_][A-Za-z0-9_]*(#[1-9]\d{0,3})?|file:.+)$/;

/** A reference to a secret: never the secret itself. */
export const secretReferenceSchema = z.string().regex(referencePattern, {
  error:
    'must be a reference, env:NAME or file:PATH, and never the secret itself: put the secret into a file of mode 600 or into an environment variable',
});

/** Whether a URL has a password between user and host, or libpq's `password` parameter. */
export function hasInlinePassword(url: string): boolean {
  return (
    /:\/\/[^/\s]*:[^/\s]*@/.test(url) || /^sftp:[^@/\s]+:[^@/\s]+@/.test(url) || /[?&]password=/i.test(url)
  );
}

export const repositoryUrlSchema = z
  .string()
  .min(1)
  .refine((url) => !hasInlinePassword(url), {
    error: 'must not hold a password: leave it out here, and give it by an environment variable or a file',
  });
