import { constants, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Decompresses one frame into `output`; returns the bytes there, or undefined when something was not as it should be. */
type Decode = (data: Uint8Array, output: Uint8Array) => number | undefined;

/** Node's zstd decompressor behind its streams, an internal of Node: `writeSync` fills `state`. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputBytes: number,
    output: Uint8Array,
    outputOffset: number,
    outputBytes: number,
  ): void;
  onerror: () => void;
}

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
  const stream: object = createZstdDecompress({ chunkSize: 64 });
  const handle: unknown = '_handle' in stream ? stream._handle : undefined;
  const state: unknown = '_writeState' in stream ? stream._writeState : undefined;
  if (!isHandle(handle) || !(state instanceof Uint32Array)) return undefined;
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

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'writeSync' in value && 'onerror' in value;
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
