import { z } from 'zod';
import { hasInlinePassword, referencePattern, secretReferenceSchema } from './reference-schema.ts';

/** Where the server of a database is, in the words of its kind. */
interface ServerWords {
  /** Schemes of its URLs, as a regular expression. */
  readonly schemes: string;
  /** A right URL, without a password. */
  readonly url: string;
  /** Fields that can stand in place of a URL. */
  readonly fields: string;
}

/** A URL of a server, or a reference to one. */
export function serverUrlSchema({ schemes, url, fields }: ServerWords) {
  return z
    .string()
    .regex(new RegExp(`${referencePattern.source}|^(${schemes})://.+$`), {
      error: `must be env:NAME or file:PATH that holds a URL, or a URL ${url} without a password`,
    })
    .refine((text) => !hasInlinePassword(text), {
      error: `must not hold a password: put the whole URL into an environment variable and write env:NAME here, or use the fields ${fields}: env:NAME`,
    });
}

interface ServerDefaults {
  readonly port: number;
  /** What `host` can be but a host: "the folder of its socket". */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  /** Certificates that are trusted by default. */
  readonly certificates: string;
}

/** Fields that the connections of all kinds of database servers have. */
export function serverFields({ port, socket, user, password, certificates }: ServerDefaults) {
  return {
    host: z
      .string()
      .min(1)
      .default('localhost')
      .meta({
        description: `Host name or address of the server, or ${socket}.`,
        examples: ['db1.internal'],
      }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(port)
      .meta({ description: 'TCP port.', examples: [port] }),
    user: z
      .string()
      .min(1)
      .meta({ description: user, examples: ['backup'] }),
    password: secretReferenceSchema.optional().meta({
      description: 'Reference to the password of the user. Left out where the server asks for none.',
      examples: [password],
    }),
    sslMode: z
      .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
      .optional()
      .meta({
        description:
          "How the connection is encrypted, and whom it trusts, in libpq's words. Default: prefer.",
        examples: ['verify-full'],
      }),
    sslRootCertificate: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: `File of the certificates that are trusted. Default: ${certificates}.`,
        examples: ['/etc/ssl/private-ca.pem'],
      }),
  };
}
