import { Failure } from '../contracts/failures.ts';
import type { ByteRange } from './store.ts';

/** Value of the header `Range` (RFC 9110, 14.1.2). */
export function rangeHeader({ offset, length }: ByteRange): string {
  return `bytes=${offset}-${offset + length - 1}`;
}

/**
 * What was asked for of what a service sent: one that does not know ranges sends the whole object. `subject` names
 * the object for people.
 * @throws {Failure} RepositoryDamaged for an object that is shorter than the range
 */
export function exactRange(content: Buffer, range: ByteRange, subject: string): Buffer {
  const { offset, length } = range;
  const part = content.length > length ? content.subarray(offset, offset + length) : content;
  if (part.length === length) return part;
  throw new Failure('RepositoryDamaged', `${subject} ends before byte ${offset + length}.`);
}
