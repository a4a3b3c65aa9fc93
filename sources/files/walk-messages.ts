import type { FailureType } from '../../contracts/failures.ts';
import type { Folder } from './walker.ts';

/** What a thread needs to list files as its capture does. It can be cloned. */
export interface WalkSetup {
  /** Exclude patterns. */
  readonly exclude: readonly string[];
  /** The same for capital and small letters. */
  readonly iexclude: readonly string[];
  readonly excludeCaches: boolean;
  readonly excludeIfPresent: readonly string[];
  readonly largestBytes: number | undefined;
  readonly withAtime: boolean;
  readonly oneFileSystem: boolean;
  /** One number: batches that wait to be read. */
  readonly waiting: SharedArrayBuffer;
}

/** A folder to be listed with all below it. */
export type WalkOrder = Pick<Folder, 'path' | 'names' | 'stat' | 'device'>;

export type WalkReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'batch'; readonly batch: Uint8Array<ArrayBuffer> }
  /** The capture is at its end. */
  | {
      readonly kind: 'failed';
      readonly type: FailureType;
      readonly message: string;
      readonly advice?: string;
    };

/** Batches that a thread lists ahead: 4 MiB, some ten thousand items. */
export const batchesAhead = 64;
