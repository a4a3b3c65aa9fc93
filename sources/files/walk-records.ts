/**
 * What a thread has listed, as bytes: a folder's items one after the other, those of a subfolder behind its own,
 * and a mark at its end. Objects would have to be cloned one by one.
 */
import type { Warning } from '../../contracts/jobs.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import { encodeMetadata } from '../../repository/tree/encode.ts';
import { localUtcOffset } from '../../repository/tree/time.ts';

/** One character for each kind of record; items have the kinds of entries. */
const kinds = { directory: 'd', file: 'f', other: 'o', end: 'e', warning: 'w' } as const;

export type RecordKind = keyof typeof kinds;

const kindsByCode = new Map<number, RecordKind>([
  [kinds.directory.charCodeAt(0), 'directory'],
  [kinds.file.charCodeAt(0), 'file'],
  [kinds.other.charCodeAt(0), 'other'],
  [kinds.end.charCodeAt(0), 'end'],
  [kinds.warning.charCodeAt(0), 'warning'],
]);

/** Kind, lengths of name and metadata, owner; then five numbers of 64 bits; then name and metadata. */
const headBytes = 16;
const numberBytes = 8;
const numbers = 5;
const fixedBytes = headBytes + numbers * numberBytes;

/** A batch is handed over when it has this many bytes: some hundred items. */
const batchBytes = 64 * 1024;

/** Bytes of a batch to begin with: one long record may follow when it is nearly full. */
const roomBytes = 2 * batchBytes;

const empty = Buffer.alloc(0);

/** Writes records into batches. */
export class RecordWriter {
  readonly #onBatch: (batch: Uint8Array<ArrayBuffer>) => void;
  readonly #utcOffset = localUtcOffset();
  #batch = Buffer.allocUnsafeSlow(roomBytes);
  #filled = 0;

  constructor(onBatch: (batch: Uint8Array<ArrayBuffer>) => void) {
    this.#onBatch = onBatch;
  }

  item(entry: Exclude<Entry, { readonly kind: 'stream' }>): void {
    const { json } = encodeMetadata(entry.name, entry.metadata, this.#utcOffset);
    const at = this.#begin(entry.kind, entry.name, json);
    const { uid, mtimeNs, ctimeNs, size = 0n, inode = 0n, deviceId = 0n } = entry.metadata;
    this.#batch.writeUInt32LE(uid, at + 12);
    let position = at + headBytes;
    for (const value of [mtimeNs, ctimeNs, size, inode, deviceId]) {
      position = this.#batch.writeBigInt64LE(BigInt.asIntN(64, value), position);
    }
    this.#end();
  }

  endOfFolder(): void {
    this.#begin('end', empty, empty);
    this.#end();
  }

  warning(warning: Warning): void {
    this.#begin('warning', empty, Buffer.from(JSON.stringify(warning)));
    this.#end();
  }

  /** Hands over what there is. */
  flush(): void {
    if (this.#filled === 0) return;
    // A copy of what is filled: what is transferred cannot be used again here.
    this.#onBatch(new Uint8Array(this.#batch.subarray(0, this.#filled)));
    this.#filled = 0;
  }

  #begin(kind: RecordKind, name: Buffer, json: Buffer): number {
    const at = this.#filled;
    const bytes = fixedBytes + name.length + json.length;
    if (at + bytes > this.#batch.length) this.#grow(at + bytes);
    this.#batch.writeUInt8(kinds[kind].charCodeAt(0), at);
    this.#batch.writeUInt32LE(name.length, at + 4);
    this.#batch.writeUInt32LE(json.length, at + 8);
    name.copy(this.#batch, at + fixedBytes);
    json.copy(this.#batch, at + fixedBytes + name.length);
    this.#filled = at + bytes;
    return at;
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * bytes);
    this.#batch.copy(larger, 0, 0, this.#filled);
    this.#batch = larger;
  }

  #end(): void {
    if (this.#filled >= batchBytes) this.flush();
  }
}

/** A record in its batch. */
export class WalkRecord {
  readonly kind: RecordKind;
  readonly name: Buffer;
  readonly json: Buffer;
  readonly #batch: Buffer;
  readonly #at: number;

  constructor(batch: Buffer, at: number) {
    const kind = kindsByCode.get(batch[at] ?? 0);
    if (kind === undefined) throw new Error('a thread that lists files has sent what is no record');
    this.kind = kind;
    this.#batch = batch;
    this.#at = at;
    const nameEnd = at + fixedBytes + batch.readUInt32LE(at + 4);
    this.name = batch.subarray(at + fixedBytes, nameEnd);
    this.json = batch.subarray(nameEnd, nameEnd + batch.readUInt32LE(at + 8));
  }

  /** Where the next record begins in the batch. */
  get end(): number {
    return this.#at + fixedBytes + this.name.length + this.json.length;
  }

  get uid(): number {
    return this.#batch.readUInt32LE(this.#at + 12);
  }

  /** Times that 64 bits do not hold, before 1678 and after 2262, are wrong: such files are looked at again. */
  get mtimeNs(): bigint {
    return this.#number(0);
  }

  get ctimeNs(): bigint {
    return this.#number(1);
  }

  get size(): bigint {
    return this.#number(2);
  }

  get inode(): bigint {
    return BigInt.asUintN(64, this.#number(3));
  }

  get deviceId(): bigint {
    return BigInt.asUintN(64, this.#number(4));
  }

  #number(index: number): bigint {
    return this.#batch.readBigInt64LE(this.#at + headBytes + index * numberBytes);
  }
}
