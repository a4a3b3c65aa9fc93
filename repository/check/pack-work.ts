import { hash } from 'node:crypto';
import { isFailure } from '../../contracts/failures.ts';
import { BlobOpener } from '../blob-opener.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import { Sealing } from '../crypto/sealing.ts';
import { freeMemory } from '../free-memory.ts';
import { shortId } from '../ids.ts';
import type { JobProgram, JobWork } from '../jobs/job-work.ts';
import { decodeHeader, type PackedBlob } from '../pack/header.ts';
import { headerOfPack } from '../pack/pack-reader.ts';
import type { PackJob, PackJobResult } from './pack-job.ts';

/** Verifies packs: in threads, or in this one. */
export const packProgram: JobProgram<PackJob, PackJobResult> = {
  name: 'check',
  thread: new URL('pack-thread.ts', import.meta.url),
  open: openPackWork,
};

/** Verifies a pack: its name, its header, and that every blob can be opened and has the hash that is its id. */
export function openPackWork(key: MasterKey): JobWork<PackJob, PackJobResult> {
  const sealing = new Sealing(key);
  const opener = new BlobOpener(sealing);
  return (job) => {
    const bytes = Buffer.from(job.bytes.buffer, job.bytes.byteOffset, job.bytes.length);
    const indexed = indexedBlobs(job);
    const damages: string[] = [];
    if (hash('sha256', bytes) !== job.id) {
      damages.push(`The pack ${shortId(job.id)} is damaged: its content does not match its name.`);
    }
    collect(damages, () => {
      if (sameBlobs(headerOfPack(sealing, job.id, bytes), indexed)) return;
      damages.push(`The pack ${shortId(job.id)} has a header that does not match the index.`);
    });
    const damaged: number[] = [];
    for (const [number, blob] of indexed.entries()) {
      const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
      const isWhole = collect(damages, () => opener.open({ ...blob, pack: job.id }, sealed));
      if (!isWhole) damaged.push(number);
    }
    freeMemory(job.bytes);
    return { result: { damages, damaged } };
  };
}

function indexedBlobs({ header, offsets }: PackJob): readonly PackedBlob[] {
  const blobs = decodeHeader(Buffer.from(header.buffer, header.byteOffset, header.length)) ?? [];
  return blobs.map((blob, number) => ({ ...blob, offset: offsets[number] ?? 0 }));
}

/** False when it has found damage. */
function collect(damages: string[], verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (!isFailure(error, 'RepositoryDamaged')) throw error;
    damages.push(error.message);
    return false;
  }
}

/** Blobs in the order of their offsets; a header has no offsets of its own. */
function sameBlobs(header: readonly PackedBlob[], indexed: readonly PackedBlob[]): boolean {
  return (
    header.length === indexed.length &&
    header.every((blob, position) => {
      const other = indexed[position];
      return (
        other?.id === blob.id &&
        other.type === blob.type &&
        other.offset === blob.offset &&
        other.length === blob.length &&
        (other.uncompressedLength ?? 0) === (blob.uncompressedLength ?? 0)
      );
    })
  );
}
