import { Failure } from '../contracts/failures.ts';

/**
 * An absolute path of a snapshot from what a person typed.
 * @throws {Failure} InvalidInput
 */
export function snapshotPath(text: string): string {
  if (text.startsWith('/')) return text;
  throw new Failure('InvalidInput', `The path "${text}" is not absolute`, {
    advice: 'Write it as `resguardo ls SNAPSHOT` shows it, from the first "/".',
  });
}
