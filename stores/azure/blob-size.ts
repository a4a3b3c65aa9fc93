import type { BlobClient } from '@azure/storage-blob';
import type { Abortable } from '../network/sdk-request.ts';
import { azureStatus, isMissingBlob } from './failures.ts';

/**
 * Size of a blob in bytes, or undefined if there is none. An answer to HEAD has no body, where the service tells an old
 * signature from a wrong key: when one is refused, a GET of one byte tells why.
 * @throws {RestError}
 */
export async function sizeOfBlob(blob: BlobClient, options: Abortable): Promise<number | undefined> {
  try {
    return (await blob.getProperties(options)).contentLength;
  } catch (error) {
    if (isMissingBlob(error)) return undefined;
    if ([401, 403].includes(azureStatus(error) ?? 0)) await blob.download(0, 1, options);
    throw error;
  }
}
