import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { internalsOf } from './zstd-internals.ts';

/** 512 KiB, as restic has it: chunks become no smaller by more, and each takes 4 MiB less while it is compressed. */
const windowLog = 19;

/** Compresses into `output` from its start; returns the length there. */
type Encode = (data: Uint8Array, output: Buffer) => number;

/**
 * Compresses one input after the other into a buffer that is made once. Node's own calls make a context and
 * a result for each input, which costs more than the compression of a small one. Where Node's internals are
 * not what they were, its own calls serve.
 */
export class ZstdEncoder {
  readonly #encode: Encode;
  #output = Buffer.alloc(0);

  constructor(level: number) {
    this.#encode = persistentEncode(level) ?? ((data, output) => encodeByCall(level, data, output));
  }

  /** The result is valid until the next call. */
  encode(data: Uint8Array): Buffer {
    const bound = boundBytes(data.length);
    // Pages of the buffer that were never written take no memory.
    if (this.#output.length < bound) this.#output = Buffer.allocUnsafeSlow(bound);
    return this.#output.subarray(0, this.#encode(data, this.#output));
  }
}

/** A little more than zstd's own bound (ZSTD_compressBound), so that every result fits. */
function boundBytes(bytes: number): number {
  return bytes + (bytes >>> 7) + 1024;
}

function encodeByCall(level: number, data: Uint8Array, output: Buffer): number {
  const compressed = zstdCompressSync(data, { params: parameters(level), pledgedSrcSize: data.length });
  output.set(compressed);
  return compressed.length;
}

/** Undefined when the handle is not there or does not do what it should. */
function persistentEncode(level: number): Encode | undefined {
  const internals = internalsOf(createZstdCompress({ params: parameters(level), chunkSize: 64 }));
  if (internals === undefined) return undefined;
  const { handle, state } = internals;
  // A frame that has ended leaves the context ready for the next one, with the same parameters.
  const encode: Encode = (data, output) => {
    handle.writeSync(constants.ZSTD_e_end, data, 0, data.length, output, 0, output.length);
    const [freeBytes = 0, restBytes = 1] = state;
    if (restBytes !== 0 || freeBytes === 0) throw new Error('zstd did not take its input at once');
    return output.length - freeBytes;
  };
  return isRight(encode) ? encode : undefined;
}

/** Inputs of different kinds and lengths in turn, because what is left of one must not reach the next. */
function isRight(encode: Encode): boolean {
  const pattern = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * index) >>> 3));
  const inputs = [Buffer.alloc(70_000, 'text '), pattern, Buffer.alloc(0), pattern.subarray(0, 1), pattern];
  const output = Buffer.allocUnsafeSlow(boundBytes(70_000));
  try {
    return inputs.every((input) => {
      const compressed = output.subarray(0, encode(input, output));
      return zstdDecompressSync(compressed).equals(input);
    });
  } catch {
    return false;
  }
}

/**
 * At level 3, matches of 5 bytes are passed over: a fifteenth of its time on small files, for as many bytes as restic
 * takes there.
 */
export function parameters(level: number): Record<number, number> {
  return {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_windowLog]: windowLog,
    ...(level === 3 && { [constants.ZSTD_c_minMatch]: 6 }),
  };
}
