/**
 * Gives the memory of a buffer that nobody uses any more back at once, for the next one to use again. The garbage
 * collector would come for it after some ten megabytes.
 */
export function freeMemory({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** What can be transferred to a thread with its bytes alone: a buffer that is part of a larger one is copied. */
export function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}
