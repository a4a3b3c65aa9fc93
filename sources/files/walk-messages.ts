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
  /** Two numbers: batches that wait to be read, and how many may. */
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

/** Batches that a thread lists ahead once somebody reads them: 1 MiB, some thousand items. */
export const batchesAhead = 16;

/** Until then: 16 MiB, some fifty thousand items, while a repository is opened. */
export const batchesBefore = 256;

/** Where the two numbers stand. */
export const waitingIndex = 0;
export const limitIndex = 1;
