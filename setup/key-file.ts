import { randomBytes } from 'node:crypto';
import { Secret } from '../secrets/secret.ts';
import { writeNew } from './write-new.ts';

const keyBytes = 32;

/**
 * Makes a key of 256 random bits and writes it, as base64, into a new file for the owner alone.
 * @throws {Failure} TargetConflict when the file is there; TargetUnwritable, StorageFull
 */
export async function makeKeyFile(file: string): Promise<Secret> {
  const text = randomBytes(keyBytes).toString('base64');
  await writeNew(file, `${text}\n`, 0o600);
  return new Secret(text);
}
