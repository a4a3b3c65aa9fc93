import { isId } from '../ids.ts';
import { asArray, asCount, asObject, asString, parseJsonObject } from '../json.ts';
import type { PackedBlob } from '../pack/header.ts';
import type { IndexedPack, ListedPack } from './blob-index.ts';

/** An index file is written when this many blobs wait for one; restic's number. */
export const fullIndexBlobs = 50_000;

/** Room for the JSON of a blob, with numbers of ten digits, and for that of a pack without its blobs. */
const mostBlobBytes = 192;
const mostPackBytes = 128;

const maxUint32 = 2 ** 32 - 1;

/** A pack that a prune has taken from the index, and that a later one removes. */
export interface MarkedPack extends IndexedPack {
  /** When it was marked, in ms since 1970. */
  readonly markedMs: number;
}

/** JSON of an index file (restic's design document, "Indexing"). */
export function encodeIndex(packs: readonly ListedPack[]): Buffer {
  const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0);
  // Written piece by piece: the text of a hundred thousand tiny blobs is twenty megabytes, and would lie here three times.
  const json = Buffer.allocUnsafeSlow(mostBlobBytes * blobs + mostPackBytes * (packs.length + 1));
  let end = 0;
  const write = (text: string): void => {
    end += json.write(text, end, 'latin1');
  };
  write('{"packs":[');
  for (const [number, { id, blobs: ofPack }] of packs.entries()) {
    write(`${number > 0 ? ',' : ''}{"id":"${id}","blobs":[`);
    let separator = '';
    for (const blob of ofPack) {
      write(separator);
      write(encodeBlob(blob));
      separator = ',';
    }
    write(']}');
  }
  write(']}\n');
  // Without the room that was not needed.
  return Buffer.from(json.buffer.transfer(end));
}

/**
 * JSON of an index file of marked packs alone. The field and its form are rustic's (`packs_to_delete`); restic
 * passes over fields that it does not know, so to it these packs are in no index.
 */
export function encodeMarks(packs: readonly MarkedPack[]): Buffer {
  const marked = packs.map((pack) => {
    const time = new Date(pack.markedMs).toISOString();
    return `{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(',')}],"time":"${time}"}`;
  });
  return Buffer.from(`{"packs":[],"packs_to_delete":[${marked.join(',')}]}\n`);
}

/** The marked packs of an index file. A mark that cannot be read is none: its pack is in no index then. */
export function decodeMarks(json: Buffer): readonly MarkedPack[] {
  // Most index files have none, and parsing takes its time.
  if (!json.includes('"packs_to_delete"')) return [];
  return (asArray(parseJsonObject(json)?.packs_to_delete) ?? []).flatMap((item) => {
    const pack = decodePack(item);
    const markedMs = Date.parse(asString(asObject(item)?.time) ?? '');
    return pack && !Number.isNaN(markedMs) ? [{ ...pack, markedMs }] : [];
  });
}

/** Undefined when the JSON has not the form of an index. */
export function decodeIndex(json: Buffer): readonly IndexedPack[] | undefined {
  // Go writes an index without packs as null.
  const listed = parseJsonObject(json)?.packs;
  return listed === null ? [] : decodeAll(listed, decodePack);
}

function encodeBlob({ id, type, offset, length, uncompressedLength }: PackedBlob): string {
  const tail = uncompressedLength === undefined ? '' : `,"uncompressed_length":${uncompressedLength}`;
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${tail}}`;
}

function decodePack(value: unknown): IndexedPack | undefined {
  const pack = asObject(value);
  const id = asString(pack?.id);
  const blobs = decodeAll(pack?.blobs, decodeBlob);
  return isId(id) && blobs ? { id, blobs } : undefined;
}

function decodeBlob(value: unknown): PackedBlob | undefined {
  const blob = asObject(value);
  const id = blob?.id;
  const type = blob?.type;
  const offset = asCount(blob?.offset, maxUint32);
  const length = asCount(blob?.length, maxUint32);
  const uncompressedLength = asCount(blob?.uncompressed_length ?? 0, maxUint32);
  if (!isId(id) || (type !== 'data' && type !== 'tree')) return undefined;
  if (offset === undefined || length === undefined || uncompressedLength === undefined) return undefined;
  return { type, id, offset, length, ...(uncompressedLength > 0 && { uncompressedLength }) };
}

/** Undefined as soon as one item is not well-formed. */
function decodeAll<T>(value: unknown, decode: (item: unknown) => T | undefined): readonly T[] | undefined {
  const items = asArray(value);
  if (!items) return undefined;
  const decoded: T[] = [];
  for (const item of items) {
    const result = decode(item);
    if (result === undefined) return undefined;
    decoded.push(result);
  }
  return decoded;
}
