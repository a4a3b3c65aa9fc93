import { createHash, randomUUID } from 'node:crypto';

/**
 * The body of a multipart upload: what the object is called and its MD5, which the service compares with what
 * arrived, and then its bytes.
 */
export function upload(
  { name, storageClass }: { readonly name: string; readonly storageClass?: string | undefined },
  parts: readonly Uint8Array[],
): { readonly contentType: string; readonly body: readonly Uint8Array[] } {
  const digest = createHash('md5');
  for (const part of parts) digest.update(part);
  const boundary = randomUUID();
  const head = [
    `--${boundary}`,
    'Content-Type: application/json; charset=UTF-8',
    '',
    JSON.stringify({ name, storageClass, md5Hash: digest.digest('base64') }),
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    '',
    '',
  ];
  return {
    contentType: `multipart/related; boundary=${boundary}`,
    body: [Buffer.from(head.join('\r\n')), ...parts, Buffer.from(`\r\n--${boundary}--\r\n`)],
  };
}
