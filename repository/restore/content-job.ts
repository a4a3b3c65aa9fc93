import type { ExtendedAttribute } from '../tree/node.ts';
import type { MetadataProblem } from './metadata.ts';

/**
 * Work for a thread of a restore: blobs of one pack, and what each is written to. In columns, since cloning an object
 * for each file would cost more than writing some of them.
 */
export interface ContentJob {
  /** Id of the pack, for messages; empty when all files are empty. */
  readonly pack: string;
  /** Bytes of the pack, each with where it begins there. */
  readonly runs: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly blobs: BlobColumns;
  readonly files: FileColumns;
  readonly parts: PartColumns;
}

export interface BlobColumns {
  readonly ids: readonly string[];
  /** Three numbers for each: offset in the pack, length there, length of the plaintext (0: not compressed). */
  readonly places: Uint32Array;
}

export const placeFields = 3;

/** Files that do not exist yet, each with one blob or none, in the order of the blobs. */
export interface FileColumns {
  /** Bytes as characters. */
  readonly paths: readonly string[];
  /** Number of its blob, or `noBlob`. */
  readonly blobs: Uint32Array;
  /** Three numbers for each: Go's mode, user id, group id. */
  readonly owners: Uint32Array;
  /** Two for each: times of the last access and of the last change, in ns. Years after 2262 take more than 64 bits. */
  readonly times: readonly bigint[];
  readonly attributes: ReadonlyMap<number, readonly ExtendedAttribute[]>;
}

export const ownerFields = 3;
export const timeFields = 2;
export const noBlob = 0xffff_ffff;

/** Parts of open files, in the order of the blobs. */
export interface PartColumns {
  readonly blobs: Uint32Array;
  readonly descriptors: Uint32Array;
  readonly positions: Float64Array;
}

/** What was not as it should be; all else is written. */
export interface ContentResult {
  /** Blobs that could not be read, with why. */
  readonly damaged: readonly (readonly [blob: number, message: string])[];
  readonly failedFiles: readonly (readonly [file: number, error: SystemError])[];
  readonly failedParts: readonly (readonly [part: number, error: SystemError])[];
  readonly problems: readonly FileProblem[];
}

export interface FileProblem {
  readonly file: number;
  readonly part: MetadataProblem['part'];
  readonly error: SystemError;
}

/** An error as it crosses threads. Without a code it is a fault of the program. */
export interface SystemError {
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
}

export function toSystemError(error: unknown): SystemError {
  if (!(error instanceof Error)) return { message: String(error) };
  const [code, syscall] = ['code', 'syscall'].map((key) => textOf(error, key));
  return { message: error.message, ...(code && { code }), ...(syscall && { syscall }) };
}

export function fromSystemError({ message, ...fields }: SystemError): Error {
  return Object.assign(new Error(message), fields);
}

function textOf(error: Error, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
}
