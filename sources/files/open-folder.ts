import { type BigIntStats, closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';

/** What tells a folder from another one in its place. */
export type FolderIdentity = Pick<BigIntStats, 'ino' | 'dev'>;

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const hasProc = existsSync('/proc/self/fd');

/**
 * A folder that is held open while what is in it is looked at (Linux: through `/proc/self/fd/N/name`), so that a
 * link which somebody puts in its place meanwhile leads nowhere. Elsewhere items are looked at by their path.
 */
export class OpenFolder {
  readonly #descriptor: number | undefined;
  readonly #prefix: Buffer;

  private constructor(descriptor: number | undefined, prefix: Buffer) {
    this.#descriptor = descriptor;
    this.#prefix = prefix;
  }

  /**
   * Opens a folder. Errors are those of the file system; ENOTDIR also when it is not the one that was listed.
   * @param path ends with a slash
   * @param listed what was seen of it; undefined for one that may be reached through links
   */
  static open(path: Buffer, listed: FolderIdentity | undefined): OpenFolder {
    if (!hasProc || !listed) return new OpenFolder(undefined, path);
    const descriptor = openSync(path.subarray(0, Math.max(1, path.length - 1)), folderFlags);
    const stat = fstatSync(descriptor, { bigint: true });
    if (stat.ino === listed.ino && stat.dev === listed.dev)
      return new OpenFolder(descriptor, Buffer.from(`/proc/self/fd/${descriptor}/`));
    closeSync(descriptor);
    throw Object.assign(new Error('another folder took its place'), { code: 'ENOTDIR' });
  }

  /** Path of an item for calls of the system. */
  pathOf(name: Buffer): Buffer {
    return Buffer.concat([this.#prefix, name]);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}
