import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
} from 'node:fs';

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder of the restore target. Items in it are addressed through its descriptor (Linux:
 * `/proc/self/fd/N/name`), so that a link put in place of a folder meanwhile leads nowhere. Where there is no
 * `/proc`, they are addressed by path, and links are refused when the folder is opened.
 */
export class TargetFolder {
  readonly descriptor: number;
  readonly #path: Buffer;
  readonly #hasProc: boolean;
  readonly #prefix: Buffer;

  private constructor(folder: {
    readonly descriptor: number;
    readonly path: Buffer;
    readonly hasProc: boolean;
  }) {
    this.descriptor = folder.descriptor;
    this.#path = folder.path;
    this.#hasProc = folder.hasProc;
    this.#prefix = folder.hasProc
      ? Buffer.from(`/proc/self/fd/${folder.descriptor}/`)
      : join(folder.path, Buffer.alloc(0));
  }

  /** Opens the target itself, which may be reached through links, and makes it when it is missing. */
  static openRoot(target: string): TargetFolder {
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const path = realpathSync(target);
    const descriptor = openSync(path, folderFlags);
    const hasProc = existsSync(`/proc/self/fd/${descriptor}`);
    return new TargetFolder({ descriptor, path: Buffer.from(path), hasProc });
  }

  /** Path of an item for calls of the system. */
  pathOf(name: Buffer): Buffer {
    return Buffer.concat([this.#prefix, name]);
  }

  /** Path of the folder itself, for calls that do not follow links. */
  get self(): Buffer {
    return this.pathOf(Buffer.from('.'));
  }

  get isEmpty(): boolean {
    return readdirSync(this.self).length === 0;
  }

  /** What lies under the name; undefined when nothing does. */
  kindOf(name: Buffer): 'folder' | 'link' | 'other' | undefined {
    const stat = lstatSync(this.pathOf(name), { throwIfNoEntry: false });
    if (!stat) return undefined;
    if (stat.isDirectory()) return 'folder';
    return stat.isSymbolicLink() ? 'link' : 'other';
  }

  makeFolder(name: Buffer): void {
    mkdirSync(this.pathOf(name), { mode: 0o700 });
  }

  /** Opens a folder in this one; the system refuses a link. */
  open(name: Buffer): TargetFolder {
    const descriptor = openSync(this.pathOf(name), folderFlags);
    return new TargetFolder({ descriptor, path: join(this.#path, name), hasProc: this.#hasProc });
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Works in a folder below another one, opening those on the way one by one, so that no link is followed. */
export async function withFolder<T>(
  root: TargetFolder,
  names: readonly Buffer[],
  work: (folder: TargetFolder) => Promise<T>,
): Promise<T> {
  const [name, ...below] = names;
  if (!name) return await work(root);
  const folder = root.open(name);
  try {
    return await withFolder(folder, below, work);
  } finally {
    folder.close();
  }
}

function join(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}
