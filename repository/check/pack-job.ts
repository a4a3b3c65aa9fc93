/** A pack that a thread is to verify, and what the index says of it. */
export interface PackJob {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** The header that it should have, unsealed: its blobs in the order of their offsets. */
  readonly header: Uint8Array;
  /** Where the index says that each blob begins. */
  readonly offsets: Uint32Array;
}

export interface PackJobResult {
  /** One sentence for each damage. */
  readonly damages: readonly string[];
  /** Numbers of the blobs that cannot be read. */
  readonly damaged: readonly number[];
}
