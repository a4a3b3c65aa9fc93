import { hash } from 'node:crypto';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';

/** Services that compare a body with the SHA-256 that its signature holds, as they call themselves. */
const comparesSha256 = /^(AmazonS3|MinIO)\b/;

/**
 * Lets the service notice what was changed on the way. A signature holds the SHA-256 of the body, which not every
 * service compares: those get an MD5 too, which takes as long again. The newer checksums are refused by some.
 */
export class BodyChecks {
  readonly #isLocked: boolean;
  #service = '';

  /** @param isLocked whether objects are put with a lock, for which AWS asks for an MD5 */
  constructor(client: S3Client, { isLocked }: { readonly isLocked: boolean }) {
    this.#isLocked = isLocked;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        this.#note(result.response);
        return result;
      },
      { step: 'deserialize', name: 'noteService', priority: 'low' },
    );
  }

  /** @param sha256 of the body in hex, where it is known */
  put(
    input: PutObjectCommandInput & { readonly Body: Uint8Array },
    sha256: string | undefined,
  ): PutObjectCommand {
    const needsMd5 = this.#isLocked || !comparesSha256.test(this.#service);
    const md5 = needsMd5 ? { ContentMD5: hash('md5', input.Body, 'base64') } : {};
    const command = new PutObjectCommand({ ...input, ...md5 });
    if (sha256 !== undefined) sign(command, sha256);
    return command;
  }

  #note(response: unknown): void {
    const headers = typeof response === 'object' && response !== null && 'headers' in response;
    const server = headers && isRecord(response.headers) ? response.headers.server : undefined;
    if (typeof server === 'string') this.#service = server;
  }
}

/** The SDK takes a hash that is there for its own. */
function sign(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      if (isRecord(request) && isRecord(request.headers)) request.headers['x-amz-content-sha256'] = sha256;
      return await next(args);
    },
    { step: 'build', name: 'knownSha256' },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
