import { isFailure } from '../../contracts/failures.ts';
import { BlobOpener } from '../blob-opener.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import { Sealing } from '../crypto/sealing.ts';
import type { JobProgram, JobWork } from '../jobs/job-work.ts';
import { decodeHeader } from '../pack/header.ts';
import { isPlainTree } from './plain-tree.ts';

/** Neighbouring blobs of a pack that a thread is to verify, and to seal anew where they go into another repository. */
export interface VerifyJob {
  /** Id of the pack, for messages. */
  readonly pack: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The blobs as a pack's header describes them, unsealed. */
  readonly header: Uint8Array;
  /** Where each begins in `bytes`. */
  readonly positions: Uint32Array;
}

export interface VerifyResult {
  /** The same memory, given back; what was sealed anew lies where it was, and is as long. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The first damage that was found. */
  readonly damage?: string;
}

/**
 * Verifies blobs down to the hash of their plaintext, and seals each by the key of the repository that it goes to, if
 * that is another one (but plain trees, which are compressed first): in threads, or in this one.
 */
export const verifyProgram: JobProgram<VerifyJob, VerifyResult> = {
  name: 'verify',
  thread: new URL('verify-thread.ts', import.meta.url),
  open: openVerifyWork,
};

export function openVerifyWork(key: MasterKey, targetKey?: MasterKey): JobWork<VerifyJob, VerifyResult> {
  const opener = new BlobOpener(new Sealing(key));
  const target = targetKey && new Sealing(targetKey);
  return (job) => {
    const damage = firstDamage(job, { opener, target });
    const result = { bytes: job.bytes, ...(damage !== undefined && { damage }) };
    return { result, transfer: [job.bytes.buffer] };
  };
}

interface Tools {
  readonly opener: BlobOpener;
  readonly target: Sealing | undefined;
}

function firstDamage(
  { pack, bytes, header, positions }: VerifyJob,
  { opener, target }: Tools,
): string | undefined {
  const blobs = decodeHeader(Buffer.from(header.buffer, header.byteOffset, header.length)) ?? [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    for (const [number, blob] of blobs.entries()) {
      const position = positions[number] ?? 0;
      const content = opener.openContent(
        { ...blob, pack },
        buffer.subarray(position, position + blob.length),
      );
      if (!isPlainTree(blob)) target?.sealInto(content, buffer, position);
    }
    return undefined;
  } catch (error) {
    if (!isFailure(error, 'RepositoryDamaged')) throw error;
    return error.message;
  }
}
