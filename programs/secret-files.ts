import { randomBytes } from 'node:crypto';
import { accessSync, closeSync, constants, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Secret } from '../secrets/secret.ts';

export interface SecretFiles {
  /** Open descriptors that the program inherits, in the order of its numbers from `firstDescriptor` on. */
  readonly descriptors: readonly number[];
  /** Key of each secret → name of its file, as the program finds it. */
  readonly names: Readonly<Record<string, string>>;
  /** Closes our descriptors; the program has its own by then. Safe to repeat. */
  release(): void;
  /** Removes what the file system still names, after the program has ended. Safe to repeat. */
  remove(): void;
}

/** 0, 1 and 2 are the standard streams. */
const firstDescriptor = 3;

/**
 * Puts each secret into a file of mode 600 that has no name any more when the secret is written to it: a
 * `kill -9` leaves nothing behind. The program opens `/dev/fd/N`.
 *
 * Outside Linux, opening `/dev/fd/N` shares the read position of the descriptor, so there the file keeps its
 * name until the program has ended.
 */
export function createSecretFiles(secrets: Readonly<Record<string, Secret>>): SecretFiles {
  const descriptors: number[] = [];
  const paths: string[] = [];
  const names: Record<string, string> = {};
  const release = (): void => {
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  };
  const remove = (): void => {
    for (const path of paths.splice(0)) rmSync(path, { force: true });
  };
  try {
    for (const [name, secret] of Object.entries(secrets)) {
      const path = join(secretFolder(), `.resguardo-${randomBytes(12).toString('hex')}`);
      const descriptor = openSync(path, 'wx+', 0o600);
      names[name] = nameForProgram(path, firstDescriptor + descriptors.push(descriptor) - 1);
      if (names[name] === path) paths.push(path);
      else unlinkSync(path);
      writeSync(descriptor, secret.reveal());
    }
  } catch (error) {
    release();
    remove();
    throw error;
  }
  return { descriptors, names, release, remove };
}

function nameForProgram(path: string, descriptor: number): string {
  return platform() === 'linux' ? `/dev/fd/${descriptor}` : path;
}

/** Memory rather than a disk, where there is such a folder. */
function secretFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK | constants.X_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
