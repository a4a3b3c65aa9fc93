/** Ids are SHA-256 hashes: 64 hex digits outside of the engine's tables, 32 bytes in them. */

export const idBytes = 32;

const idPattern = /^[0-9a-f]{64}$/;

export function isId(text: unknown): text is string {
  return typeof text === 'string' && idPattern.test(text);
}

/** The first 8 digits, for messages. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
