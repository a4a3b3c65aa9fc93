import { Failure } from '../contracts/failures.ts';

/** A place in a list, as a text that clients pass back unread. */
export function encodeCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * @param length parts that the place has
 * @throws {Failure} InvalidInput
 */
export function decodeCursor(text: string, length: number): readonly string[] {
  const place = parsed(text);
  if (Array.isArray(place) && place.length === length && place.every((part) => typeof part === 'string')) {
    return place;
  }
  throw new Failure('InvalidInput', 'The query is wrong: cursor: is not one of this list', {
    advice: 'Give `nextCursor` of the page before as it was, or leave it out for the first page.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
