import type { BlobItem } from '@azure/storage-blob';
import { HiddenSum } from '../hidden-sum.ts';
import type { HiddenFiles } from '../store.ts';
import { azureStatus } from './failures.ts';

const dayMs = 86_400_000;

/**
 * What was removed and still takes space: blobs that are deleted softly, for as many days as the account says, and older
 * versions, of which the Blob service does not tell what removes them. Undefined where the account does not list them.
 * @param blobs a listing with what is deleted, and with versions
 * @throws what the client throws
 */
export async function findHidden(blobs: AsyncIterable<BlobItem>): Promise<HiddenFiles | undefined> {
  const sum = new HiddenSum();
  try {
    for await (const blob of blobs) {
      if (!isHidden(blob)) continue;
      const { contentLength = 0, remainingRetentionDays } = blob.properties;
      const days = blob.deleted === true ? remainingRetentionDays : undefined;
      const goneMs = days === undefined ? Number.POSITIVE_INFINITY : Date.now() + days * dayMs;
      sum.add(blob.name, contentLength, goneMs);
    }
  } catch (error) {
    // An account that knows no versions, or credentials that may not look: nothing fails for it.
    if ([400, 403, 409, 501].includes(azureStatus(error) ?? 0)) return undefined;
    throw error;
  }
  return sum.total();
}

function isHidden({ deleted, versionId, isCurrentVersion }: BlobItem): boolean {
  return deleted === true || (versionId !== undefined && isCurrentVersion !== true);
}
