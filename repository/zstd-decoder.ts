import { constants, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { internalsOf } from './zstd-internals.ts';

/** Decompresses one frame into `output`; returns the bytes there, or undefined when something was not as it should be. */
type Decode = (data: Uint8Array, output: Uint8Array) => number | undefined;

/**
 * Decompresses one input after the other into buffers of the caller. Node's own calls make a context and a result
 * for each input, which costs more than the decompression of a small one. Where Node's internals are not what they
 * were, or an input is not what it claims to be, its own calls serve.
 */
export class ZstdDecoder {
  #decode = checkedDecode();

  /**
   * Decompresses what claims to be `expectedBytes` long into the target, which must have room for one byte more.
   * What it accepts is to be compared with a hash: a frame that lacks its end may pass.
   */
  decodeInto(target: Uint8Array, data: Uint8Array, expectedBytes: number): boolean {
    if (this.#decode) {
      if (this.#decode(data, target.subarray(0, expectedBytes + 1)) === expectedBytes) return true;
      // The context may be in the middle of a frame.
      this.#decode = persistentDecode();
    }
    try {
      const plain = zstdDecompressSync(data, { maxOutputLength: Math.max(expectedBytes, 1) });
      if (plain.length !== expectedBytes) return false;
      target.set(plain);
      return true;
    } catch {
      return false;
    }
  }

  /** To be called when what was decoded was not right: what is left of it must not reach the next. */
  reset(): void {
    if (this.#decode) this.#decode = persistentDecode();
  }
}

function persistentDecode(): Decode | undefined {
  const internals = internalsOf(createZstdDecompress({ chunkSize: 64 }));
  if (internals === undefined) return undefined;
  const { handle, state } = internals;
  let hasFailed = false;
  // The stream's own listener would end the process.
  handle.onerror = () => {
    hasFailed = true;
  };
  return (data, output) => {
    handle.writeSync(constants.ZSTD_e_continue, data, 0, data.length, output, 0, output.length);
    const [freeBytes = 0, restBytes = 1] = state;
    return hasFailed || restBytes !== 0 ? undefined : output.length - freeBytes;
  };
}

/** Undefined when the handle is not there or does not do what it should. */
function checkedDecode(): Decode | undefined {
  const pattern = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * index) >>> 3));
  const inputs = [Buffer.alloc(70_000, 'text '), pattern, pattern.subarray(0, 1), pattern];
  const output = Buffer.allocUnsafeSlow(70_001);
  try {
    const decode = persistentDecode();
    const isRight = inputs.every((input) => {
      const bytes = decode?.(zstdCompressSync(input), output);
      return bytes === input.length && output.subarray(0, bytes).equals(input);
    });
    const refuses = persistentDecode()?.(pattern, output) === undefined;
    return isRight && refuses ? decode : undefined;
  } catch {
    return undefined;
  }
}
