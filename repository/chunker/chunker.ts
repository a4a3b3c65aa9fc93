import { readFile } from 'node:fs/promises';
import { Failure } from '../../contracts/failures.ts';

/** Sizes of restic's chunks, in bytes. The last chunk of a file may be shorter than the least. */
export const minChunkBytes = 512 * 1024;
export const maxChunkBytes = 8 * 1024 * 1024;

/** Chunks are cut where these bits of the fingerprint are zero: on average after a further MiB. */
const cutMask = 2n ** 20n - 1n;

const windowBytes = 64;

interface Rabin {
  /** The bytes before the block, and the block. */
  readonly input: Buffer;
  setPolynomial(polynomial: bigint): void;
  findCut(length: number, mask: bigint): number;
}

/**
 * Cuts content where restic's chunker cuts it (its design document, "Backups and Deduplication"): after the
 * first byte, at least 512 KiB into the chunk, at which the Rabin fingerprint of the last 64 bytes has 20 zero
 * bits, or after 8 MiB. Holds nothing of the content, so that one chunker serves any number of streams.
 */
export class Chunker {
  readonly #rabin: Rabin;

  private constructor(rabin: Rabin) {
    this.#rabin = rabin;
  }

  static async create(polynomial: bigint): Promise<Chunker> {
    const code = await readFile(new URL('./rabin.wasm', import.meta.url));
    const { instance } = await WebAssembly.instantiate(code, {});
    const rabin = rabinOf(instance.exports);
    rabin.setPolynomial(polynomial);
    return new Chunker(rabin);
  }

  /**
   * Length of the chunk that starts at `chunk[0]`, or 0 if its end is not among the first `filled` bytes.
   * @param scanned bytes from the start for which an earlier call has answered 0
   */
  findCut(chunk: Buffer, scanned: number, filled: number): number {
    const { input } = this.#rabin;
    const end = Math.min(filled, maxChunkBytes);
    const blockBytes = input.length - windowBytes;
    // A chunk of exactly the least length is tested at its last byte.
    for (let from = Math.max(scanned, minChunkBytes - 1); from < end; from += blockBytes) {
      const length = Math.min(blockBytes, end - from);
      input.set(chunk.subarray(from - windowBytes, from + length));
      const cut = this.#rabin.findCut(length, cutMask);
      if (cut > 0) return from + cut;
    }
    return filled >= maxChunkBytes ? maxChunkBytes : 0;
  }
}

function rabinOf({
  memory,
  input,
  inputBytes,
  setPolynomial,
  findCut,
}: WebAssembly.Instance['exports']): Rabin {
  if (
    !(memory instanceof WebAssembly.Memory) ||
    !(input instanceof WebAssembly.Global) ||
    !(inputBytes instanceof WebAssembly.Global) ||
    typeof setPolynomial !== 'function' ||
    typeof findCut !== 'function'
  ) {
    throw new Failure('Internal', 'rabin.wasm has other exports than the chunker needs.');
  }
  return {
    input: Buffer.from(memory.buffer, Number(input.value), Number(inputBytes.value)),
    setPolynomial: (polynomial) => setPolynomial(polynomial),
    findCut: (length, mask) => Number(findCut(length, mask)),
  };
}
