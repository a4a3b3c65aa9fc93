/** Node's zstd behind its streams, an internal of Node: `writeSync` fills `state`. */
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

export interface ZstdInternals {
  readonly handle: Handle;
  /** Bytes of the output that are free, and bytes of the input that are left, after each `writeSync`. */
  readonly state: Uint32Array;
}

/** Undefined where Node's internals are not what they were. */
export function internalsOf(stream: object): ZstdInternals | undefined {
  const handle: unknown = '_handle' in stream ? stream._handle : undefined;
  const state: unknown = '_writeState' in stream ? stream._writeState : undefined;
  return isHandle(handle) && state instanceof Uint32Array ? { handle, state } : undefined;
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'writeSync' in value && 'onerror' in value;
}
