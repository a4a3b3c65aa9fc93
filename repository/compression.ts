import {
  type ZstdOptions,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import { parameters, ZstdEncoder } from './zstd-encoder.ts';

export type CompressionMode = 'fastest' | 'default' | 'better' | 'max' | 'off';

/**
 * zstd levels near what restic's words mean. Higher ones than that of `max` gain little on chunks of 1 MiB,
 * and take some 100 MB for each that is compressed.
 */
const levels: Record<Exclude<CompressionMode, 'off'>, number> = {
  fastest: 1,
  default: 3,
  better: 7,
  max: 11,
};

/** Below this size a trip to the thread pool costs more than the compression, or the decompression. */
const smallBytes = 16 * 1024;

/** Up to this size, compression takes less than a millisecond with a context that is there already. */
const inlineBytes = 128 * 1024;

const probeBytes = 16 * 1024;
/** A sample that keeps more than this share of its size is taken for incompressible. */
const probeShare = 0.97;

/**
 * Compresses with zstd. Large inputs go to the thread pool, and must not change until the promise settles.
 */
export class Compressor {
  readonly #level: number | undefined;
  /** For small inputs. Made at the first need, since many have none. */
  #encoder: ZstdEncoder | undefined;

  constructor(mode: CompressionMode) {
    this.#level = mode === 'off' ? undefined : levels[mode];
  }

  /** Undefined when the data is better stored as it is: compression is off, or does not make it smaller. */
  compressData(data: Uint8Array): Promise<Uint8Array | undefined> | Uint8Array | undefined {
    if (this.#level === undefined || data.length === 0 || looksIncompressible(data)) return undefined;
    return ifSmaller(data, this.#compress(data, this.#level));
  }

  /**
   * Compresses in every mode, as restic does with trees and with all files outside of packs: its prune packs
   * trees anew that are not compressed.
   */
  compressMetadata(data: Uint8Array): Promise<Uint8Array> | Uint8Array {
    return this.#compress(data, this.#level ?? levels.default);
  }

  #compress(data: Uint8Array, level: number): Promise<Uint8Array> | Uint8Array {
    if (data.length <= inlineBytes) {
      this.#encoder ??= new ZstdEncoder(this.#level ?? levels.default);
      return Buffer.from(this.#encoder.encode(data));
    }
    const options = compressOptions(data, level);
    return new Promise((resolve, reject) => {
      zstdCompress(data, options, (error, compressed) => {
        if (error) reject(error);
        else resolve(compressed);
      });
    });
  }
}

/**
 * Compresses without waiting: for threads that do nothing else. One instance for each thread; a result is valid
 * until the next call.
 */
export class ThreadCompressor {
  readonly #encoder: ZstdEncoder | undefined;
  readonly #probe = new ZstdEncoder(1);

  constructor(mode: CompressionMode) {
    this.#encoder = mode === 'off' ? undefined : new ZstdEncoder(levels[mode]);
  }

  /** Like `Compressor.compressData`. */
  compressData(data: Uint8Array): Uint8Array | undefined {
    if (!this.#encoder || data.length === 0 || looksIncompressible(data, this.#probe)) return undefined;
    const compressed = this.#encoder.encode(data);
    return compressed.length < data.length ? compressed : undefined;
  }
}

/**
 * Decompresses what claims to be `expectedBytes` long, and never more than that.
 * @returns undefined when it is no zstd, or has another length
 */
export async function decompress(data: Uint8Array, expectedBytes: number): Promise<Buffer | undefined> {
  const plain = await decompressUpTo(data, expectedBytes);
  return plain?.length === expectedBytes ? plain : undefined;
}

/** Decompresses to at most `maxBytes`; undefined when it is no zstd, or would be longer. */
export async function decompressUpTo(data: Uint8Array, maxBytes: number): Promise<Buffer | undefined> {
  // Node refuses a limit of 0 and chunks under 64 bytes. One that is filled makes it begin another, and join the two.
  const options: ZstdOptions = {
    maxOutputLength: Math.max(maxBytes, 1),
    chunkSize: Math.min(Math.max(maxBytes + 1, 1024), 4 * 1024 * 1024),
  };
  try {
    if (data.length <= smallBytes && maxBytes <= 8 * smallBytes) return zstdDecompressSync(data, options);
    return await new Promise<Buffer>((resolve, reject) => {
      zstdDecompress(data, options, (error, plain) => {
        if (error) reject(error);
        else resolve(plain);
      });
    });
  } catch {
    // The caller names what is damaged; zstd's own message ("Unknown frame descriptor") adds nothing to that.
    return undefined;
  }
}

function compressOptions(data: Uint8Array, level: number): ZstdOptions {
  return {
    params: parameters(level),
    pledgedSrcSize: data.length,
    // One output buffer for nearly every input, instead of a list that is joined.
    chunkSize: Math.max(1024, Math.ceil(data.length * 0.6)),
  };
}

function ifSmaller(
  data: Uint8Array,
  compressed: Promise<Uint8Array> | Uint8Array,
): Promise<Uint8Array | undefined> | Uint8Array | undefined {
  if (compressed instanceof Promise) {
    return compressed.then((result) => (result.length < data.length ? result : undefined));
  }
  return compressed.length < data.length ? compressed : undefined;
}

/** Compresses three samples at the fastest level. Text and most other data give way at the first. */
function looksIncompressible(data: Uint8Array, probe?: ZstdEncoder): boolean {
  if (data.length < 4 * probeBytes) return false;
  const positions = [0, (data.length - probeBytes) >>> 1, data.length - probeBytes];
  return positions.every((from) => {
    const sample = data.subarray(from, from + probeBytes);
    const compressed = probe?.encode(sample) ?? zstdCompressSync(sample, compressOptions(sample, 1));
    return compressed.length > probeBytes * probeShare;
  });
}
