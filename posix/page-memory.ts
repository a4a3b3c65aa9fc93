/**
 * Memory that begins with a page of the system: what a disk can take without a copy. The engine reserves memory that
 * can grow in whole pages, and other memory anywhere; nothing promises that, so who relies on it must do without it
 * where the system refuses.
 */
export function pageMemory(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes, { maxByteLength: bytes });
}

/** A buffer of such memory. */
export function pageBuffer(bytes: number): Buffer {
  return Buffer.from(pageMemory(bytes));
}

/** Bytes of a page: of what disks and file systems ask for, the largest that is usual. */
export const pageBytes = 4096;

/** Whether bytes begin with a page of memory made by `pageMemory`, in this thread or another. */
export function isInPages({ buffer, byteOffset }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer && buffer.growable && byteOffset % pageBytes === 0;
}
