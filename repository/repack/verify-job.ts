import { isFailure } from '../../contracts/failures.ts';
import { BlobOpener } from '../blob-opener.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import { Sealing } from '../crypto/sealing.ts';
import type { JobProgram, JobWork } from '../jobs/job-work.ts';
import { decodeHeader } from '../pack/header.ts';

/** Neighbouring blobs of a pack that a thread is to verify. */
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
  /** The same bytes, given back. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The first damage that was found. */
  readonly damage?: string;
}

/** Verifies blobs down to the hash of their plaintext: in threads, or in this one. */
export const verifyProgram: JobProgram<VerifyJob, VerifyResult> = {
  name: 'verify',
  thread: new URL('verify-thread.ts', import.meta.url),
  open: openVerifyWork,
};

export function openVerifyWork(key: MasterKey): JobWork<VerifyJob, VerifyResult> {
  const opener = new BlobOpener(new Sealing(key));
  return (job) => {
    const damage = firstDamage(job, opener);
    const result = { bytes: job.bytes, ...(damage !== undefined && { damage }) };
    return { result, transfer: [job.bytes.buffer] };
  };
}

function firstDamage({ pack, bytes, header, positions }: VerifyJob, opener: BlobOpener): string | undefined {
  const blobs = decodeHeader(Buffer.from(header.buffer, header.byteOffset, header.length)) ?? [];
  try {
    for (const [number, blob] of blobs.entries()) {
      const position = positions[number] ?? 0;
      opener.open({ ...blob, pack }, bytes.subarray(position, position + blob.length));
    }
    return undefined;
  } catch (error) {
    if (!isFailure(error, 'RepositoryDamaged')) throw error;
    return error.message;
  }
}
